//! The sets of hooks: the current one, and those that running routines still hold.
//!
//! # Invariants
//! - A set never changes; adding or removing a hook makes another set current.
//! - A set is in the table while it is current or a routine holds it. Its number is its place plus one, and 0 is the set of
//!   no hooks. A number is used again once its set has left the table.
//! - One lock, `SETS`. No hook runs under it, and none is dropped under it.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Begin, End};
use crate::panic::{self, Rate};
use crate::report::{self, Cause, Subject};

pub(super) enum Call {
    Before(Box<dyn Fn(&Begin<'_>) + Send + Sync>),
    After(Box<dyn Fn(&End<'_>) + Send + Sync>),
}

/// A hook, and where it was added.
pub(super) struct Hook {
    key: u64,
    call: Option<Call>,
    place: &'static Location<'static>,
    reports: Rate,
}

impl Hook {
    pub(super) fn new(call: Call, place: &'static Location<'static>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { key: NEXT.fetch_add(1, Ordering::Relaxed), call: Some(call), place, reports: Rate::new() }
    }

    /// Runs the hook, contained.
    fn run(&self, subject: &Subject, call: impl FnOnce(&Call)) {
        let Some(hook) = &self.call else { return };
        if let Err(payload) = panic::contain(|| call(hook)) {
            let panic = panic::take(payload, subject.id.map_or(0, crate::RoutineId::get));
            if self.reports.admit() {
                report::report(subject, &Cause::HookPanic { hook: self.place, panic: &panic });
            }
        }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // What a closure holds is the user's.
        let call = self.call.take();
        panic::swallow(|| drop(call));
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("place", &self.place).finish_non_exhaustive()
    }
}

type Set = Arc<[Arc<Hook>]>;

/// A set in the table, and how many routines hold it.
#[derive(Debug)]
struct Held {
    set: Set,
    routines: usize,
}

static SETS: Mutex<Vec<Option<Held>>> = Mutex::new(Vec::new());

/// The number of the current set; 0 where there are no hooks. Written under the lock.
static CURRENT: AtomicU32 = AtomicU32::new(0);

fn sets() -> MutexGuard<'static, Vec<Option<Held>>> {
    SETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of the current set, all that a routine without hooks pays for.
#[inline]
pub(crate) fn current() -> u32 {
    CURRENT.load(Ordering::Relaxed)
}

fn place(number: u32) -> Option<usize> {
    (number as usize).checked_sub(1)
}

/// Adds a hook to a new current set.
pub(super) fn add(hook: Hook) -> u64 {
    let key = hook.key;
    replace(|hooks| hooks.push(Arc::new(hook)));
    key
}

pub(super) fn remove(key: u64) {
    replace(|hooks| hooks.retain(|hook| hook.key != key));
}

/// Makes a changed copy of the current set the current one.
fn replace(change: impl FnOnce(&mut Vec<Arc<Hook>>)) {
    let mut table = sets();
    let old = place(current());
    let mut hooks = old.and_then(|old| table[old].as_ref()).map_or_else(Vec::new, |held| held.set.to_vec());
    // Everything that falls out of the table is kept until the lock is gone: a hook's drop is the user's code.
    let before = hooks.clone();
    change(&mut hooks);
    let number = if hooks.is_empty() { 0 } else { insert(&mut table, hooks.into()) };
    CURRENT.store(number, Ordering::Release);
    let gone = old.and_then(|old| release(&mut table, old));
    drop(table);
    drop((before, gone));
}

fn insert(table: &mut Vec<Option<Held>>, set: Set) -> u32 {
    let free = table.iter().position(Option::is_none).unwrap_or_else(|| {
        table.push(None);
        table.len() - 1
    });
    table[free] = Some(Held { set, routines: 0 });
    u32::try_from(free + 1).expect("four thousand million sets of hooks do not fit into memory")
}

/// Takes a set out of the table if nobody needs it any more.
fn release(table: &mut [Option<Held>], place: usize) -> Option<Held> {
    let needed = self::place(current()) == Some(place) || table[place].as_ref().is_some_and(|held| held.routines > 0);
    if needed { None } else { table[place].take() }
}

/// Takes hold of the current set for a routine that begins, and runs its before-hooks. Gives its number.
pub(crate) fn before(begin: &Begin<'_>) -> u32 {
    let mut table = sets();
    let number = current();
    let Some(held) = place(number).and_then(|place| table[place].as_mut()) else { return 0 };
    held.routines += 1;
    let set = Arc::clone(&held.set);
    drop(table);
    for hook in &*set {
        hook.run(begin.subject, |call| {
            if let Call::Before(hook) = call {
                hook(begin);
            }
        });
    }
    number
}

/// Runs the after-hooks of the set that a routine holds, and lets go of it.
pub(crate) fn after(number: u32, end: &End<'_>) {
    let Some(place) = place(number) else { return };
    let Some(set) = sets()[place].as_ref().map(|held| Arc::clone(&held.set)) else { return };
    for hook in set.iter().rev() {
        hook.run(end.subject, |call| {
            if let Call::After(hook) = call {
                hook(end);
            }
        });
    }
    let mut table = sets();
    if let Some(held) = &mut table[place] {
        held.routines -= 1;
    }
    let gone = release(&mut table, place);
    drop(table);
    drop((set, gone));
}
