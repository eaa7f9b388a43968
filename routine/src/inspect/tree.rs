//! The order of a dump: children under the routine that started them, alike siblings in one row.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Snapshot;

/// One row of the tree: a routine, or several siblings that are alike in all that a reader looks for.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) depth: usize,
    /// The places in the snapshot of those alike, oldest first.
    pub(super) alike: Vec<usize>,
}

/// Puts a snapshot in the order of a dump.
///
/// Nothing here recurses, so a chain of a hundred thousand routines costs no stack: a pass from the roots down puts parents
/// before children, and the same pass backwards sees every child before its parent.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let mut oldest_first: Vec<usize> = (0..snapshot.len()).collect();
    oldest_first.sort_unstable_by_key(|&index| {
        let routine = snapshot.routine(index);
        (Reverse(routine.age()), routine.id())
    });
    let places: HashMap<_, _> = oldest_first.iter().map(|&index| (snapshot.routine(index).id(), index)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); snapshot.len()];
    let mut roots = Vec::new();
    for &index in &oldest_first {
        let parent = snapshot.routine(index).parent().and_then(|parent| places.get(&parent));
        parent.map_or(&mut roots, |&parent| &mut children[parent]).push(index);
    }
    let mut downwards = roots.clone();
    let mut next = 0;
    while let Some(&index) = downwards.get(next) {
        downwards.extend_from_slice(&children[index]);
        next += 1;
    }
    let mut shapes = vec![0; snapshot.len()];
    for &index in downwards.iter().rev() {
        shapes[index] = shape(snapshot, index, &children[index], &shapes);
    }

    let mut rows = Vec::new();
    let mut open = vec![alike(roots, &shapes, 0)];
    while let Some(level) = open.last_mut() {
        let Some(row) = level.pop() else {
            open.pop();
            continue;
        };
        // Those alike have alike children, which the oldest one's stand for.
        let below = std::mem::take(&mut children[row.alike[0]]);
        let depth = row.depth + 1;
        rows.push(row);
        open.push(alike(below, &shapes, depth));
    }
    rows
}

/// What makes two siblings alike: name, place, state, waiting line, and the same below.
fn shape(snapshot: &Snapshot, index: usize, children: &[usize], shapes: &[u64]) -> u64 {
    let routine = snapshot.routine(index);
    let mut hasher = DefaultHasher::new();
    (routine.name(), routine.origin_number(), routine.state(), routine.waits_at(), routine.policy()).hash(&mut hasher);
    (routine.is_cancelled(), routine.is_blocking(), routine.is_in_place()).hash(&mut hasher);
    for child in children {
        shapes[*child].hash(&mut hasher);
    }
    hasher.finish()
}

/// Groups siblings, given oldest first, by shape; the rows are in reverse, to be popped.
fn alike(siblings: Vec<usize>, shapes: &[u64], depth: usize) -> Vec<Row> {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut rows: Vec<Row> = Vec::new();
    for index in siblings {
        let place = *places.entry(shapes[index]).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(row) => row.alike.push(index),
            None => rows.push(Row { depth, alike: vec![index] }),
        }
    }
    rows.reverse();
    rows
}
