//! Who is still there.

use std::collections::{BTreeSet, HashSet};
use std::task::Waker;

use super::state;
use crate::inspect::Snapshot;
use crate::pool;
use crate::registry::{self, Cold, Flags, Record, Slot};

/// The routines that a shutdown waits for, at one look.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// How many there are in the phase that was asked for, and in those before; `main` is in the first.
    pub(super) live: usize,
    /// The phases that there are beyond it.
    pub(super) later: BTreeSet<u8>,
}

/// Looks at all routines but those that were ended in an earlier phase.
pub(super) fn take(phase: u8, ended: &HashSet<u64>) -> Census {
    let main = usize::from(phase == 0 && state::waits_for_main());
    let mut census = Census { live: main, later: BTreeSet::new() };
    each(|slot, record| match phase_of(slot, record) {
        _ if ended.contains(&record.lineage[0]) => {}
        Some(own) if own > phase => drop(census.later.insert(own)),
        Some(_) => census.live += 1,
        None => {}
    });
    census
}

/// The numbers of the routines of a phase, and of those before it.
pub(super) fn live(phase: u8) -> Vec<u64> {
    live_of(phase, |_, _| true)
}

/// The numbers of those that somebody waits for who is to hear that they are over, members of groups and jobs of pools, and of
/// what there is of the phases before.
pub(super) fn live_in_groups_and_pools(phase: u8) -> Vec<u64> {
    let mut live = live_of(phase, |record, own| is_early(record, own, phase));
    let jobs = pool::jobs(phase);
    live.extend(jobs.into_iter().filter(|job| !state::is_exempt(*job)));
    live
}

fn is_early(record: &Record, own: u8, phase: u8) -> bool {
    record.meta.has(Flags::GROUPED) || own < phase
}

fn live_of(phase: u8, wanted: impl Fn(&Record, u8) -> bool) -> Vec<u64> {
    let mut live = Vec::new();
    each(|slot, record| {
        if phase_of(slot, record).is_some_and(|own| own <= phase && wanted(record, own)) {
            live.push(record.lineage[0]);
        }
    });
    live
}

/// Wakes the routines of a phase that wait, and those before it, so that they find that they are to end.
pub(super) fn wake(phase: u8) {
    wake_those(phase, |_, _| true);
}

/// Wakes the members of groups, and what there is of the phases before.
pub(super) fn wake_members(phase: u8) {
    wake_those(phase, |record, own| is_early(record, own, phase));
}

/// Wakes those that have not begun.
pub(super) fn wake_queued(phase: u8) {
    wake_those(phase, |record, _| record.meta.has(Flags::QUEUED));
}

fn wake_those(phase: u8, wanted: impl Fn(&Record, u8) -> bool) {
    let mut wakers = Vec::new();
    each(|slot, record| {
        if phase_of(slot, record).is_some_and(|own| own <= phase && wanted(record, own)) {
            wakers.extend(slot.waker_of(record));
        }
    });
    wakers.into_iter().for_each(Waker::wake);
}

/// What ends with these, or further down: what runs in place in them, and of the last phase the children of supervisors.
pub(super) fn below(late: &[u64], snapshot: &Snapshot) -> Vec<u64> {
    let last: HashSet<u64> = live_in_last();
    let mut found: HashSet<u64> = late.iter().copied().collect();
    let mut below = Vec::new();
    loop {
        let before = below.len();
        for routine in snapshot.routines() {
            let id = routine.id().get();
            let is_below = routine.parent().is_some_and(|parent| found.contains(&parent.get()));
            if is_below && (routine.is_in_place() || last.contains(&id)) && found.insert(id) {
                below.push(id);
            }
        }
        if below.len() == before {
            return below;
        }
    }
}

fn live_in_last() -> HashSet<u64> {
    let mut last = HashSet::new();
    each(|slot, record| {
        if phase_of(slot, record) == Some(super::LAST) {
            last.insert(record.lineage[0]);
        }
    });
    last
}

/// `None` for one that has ended meanwhile.
fn phase_of(slot: &Slot, record: &Record) -> Option<u8> {
    if !record.meta.has(Flags::COLD) {
        return Some(0);
    }
    slot.peek(record, Cold::phase).or_else(|| {
        let is_there = slot.read().is_some_and(|now| now.lineage[0] == record.lineage[0]);
        is_there.then_some(0)
    })
}

fn each(mut look: impl FnMut(&'static Slot, &Record)) {
    let exempt = state::exempted();
    for slot in registry::slots().into_iter().flatten() {
        let Some(record) = slot.read() else { continue };
        if record.meta.is_routine() && !exempt.contains(&record.lineage[0]) {
            look(slot, &record);
        }
    }
}

/// The routine of that number and those that wait for it in place: they wait for the shutdown, if it does.
pub(super) fn exempt(mut routine: u64) {
    while routine != 0 {
        state::exempt(routine);
        let mut above = 0;
        for slot in registry::slots().into_iter().flatten() {
            let own = slot.read().filter(|record| record.meta.is_routine() && record.lineage[0] == routine);
            if let Some(record) = own.filter(|record| record.meta.has(Flags::IN_PLACE)) {
                above = record.parent();
            }
        }
        routine = above;
    }
}
