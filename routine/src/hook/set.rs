//! Sets of hooks, and the numbers by which routines keep theirs.
//!
//! A set never changes: adding or removing a hook makes another set current. A routine notes the number of its set, which
//! fits into a slot where a reference would not, and finds at its end the hooks that it began under.
//!
//! # Invariants
//! - `current` is the number of the set that a beginning routine runs, 0 where that has no hooks. It is written under the
//!   lock, and what is read of it without the lock decides only whether to take the lock.
//! - Number `n` is place `n - 1`. A place is filled exactly while its set is current or `live` routines that began under
//!   it have not ended; its number is given to another set only when it is empty, and it is then in `free`, once.
//! - Hooks are users' code: they are called and dropped through an `Arc` that was taken out, never under the lock.

use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Begin, End};
use crate::id::RoutineId;
use crate::panic::{self, Rate};
use crate::report::{self, Cause, Subject};

type Before = Box<dyn Fn(&Begin<'_>) + Send + Sync>;
type After = Box<dyn Fn(&End<'_>) + Send + Sync>;

/// What one call added.
pub(super) struct Hook {
    before: Option<Before>,
    after: Option<After>,
    site: &'static Location<'static>,
    /// How often its panics are reported.
    rate: Rate,
}

impl Hook {
    pub(super) fn new(before: Option<Before>, after: Option<After>, site: &'static Location<'static>) -> Self {
        Self { before, after, site, rate: Rate::new() }
    }

    pub(super) const fn site(&self) -> &'static Location<'static> {
        self.site
    }

    fn before(&self, begin: &Begin<'_>) {
        let Some(before) = &self.before else { return };
        if let Err(payload) = panic::contain(|| before(begin)) {
            self.panicked(begin.subject, payload);
        }
    }

    fn after(&self, end: &End<'_>) {
        let Some(after) = &self.after else { return };
        if let Err(payload) = panic::contain(|| after(end)) {
            self.panicked(end.subject, payload);
        }
    }

    #[cold]
    fn panicked(&self, subject: &Subject, payload: Box<dyn Any + Send>) {
        let panic = panic::take(payload, subject.id.map_or(0, RoutineId::get));
        if self.rate.admit() {
            report::report(subject, &Cause::HookPanic { hook: self.site, panic: &panic });
        }
    }
}

impl Drop for Hook {
    // Each by itself, here rather than where a set is dropped: a second panic in one drop would end the process.
    fn drop(&mut self) {
        let (before, after) = (self.before.take(), self.after.take());
        panic::swallow(|| drop(before));
        panic::swallow(|| drop(after));
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("site", &self.site).finish_non_exhaustive()
    }
}

/// There are hooks.
pub(crate) const HOOKS_ADDED: u32 = 1;
/// The process is shutting down.
pub(crate) const SHUTDOWN: u32 = 2;

/// The hooks of a routine, in the order in which they were added.
type Set = Arc<[Arc<Hook>]>;

/// All sets that some routine may still need.
#[derive(Debug)]
pub(super) struct Hooks {
    current: AtomicU32,
    /// What a turn has to look at: whether there are hooks, and whether the process is shutting down.
    notices: AtomicU32,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    places: Vec<Place>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Place {
    set: Option<Set>,
    live: usize,
}

impl Table {
    fn place(&mut self, number: u32) -> Option<&mut Place> {
        self.places.get_mut(number.checked_sub(1)? as usize)
    }

    fn put(&mut self, set: Set) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { set: None, live: 0 });
            u32::try_from(self.places.len())
                .expect("there are fewer sets of hooks than routines, and those fit into memory")
        });
        if let Some(place) = self.place(number) {
            place.set = Some(set);
        }
        number
    }

    /// Takes a set out, if nothing needs it any more.
    fn retire(&mut self, number: u32, current: u32) -> Option<Set> {
        let place = self.place(number)?;
        if number == current || place.live > 0 {
            return None;
        }
        let set = place.set.take()?;
        self.free.push(number);
        Some(set)
    }
}

impl Hooks {
    pub(super) const fn new() -> Self {
        Self {
            current: AtomicU32::new(0),
            notices: AtomicU32::new(0),
            table: Mutex::new(Table { places: Vec::new(), free: Vec::new() }),
        }
    }

    #[inline]
    pub(super) fn current(&self) -> u32 {
        self.current.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn notices(&self) -> u32 {
        self.notices.load(Ordering::Relaxed)
    }

    pub(super) fn notice(&self, notice: u32) {
        self.notices.fetch_or(notice, Ordering::Relaxed);
    }

    pub(super) fn add(&self, hook: Hook) -> Weak<Hook> {
        let hook = Arc::new(hook);
        let handle = Arc::downgrade(&hook);
        self.change(|hooks| {
            hooks.push(hook);
            true
        });
        handle
    }

    pub(super) fn remove(&self, hook: &Arc<Hook>) -> bool {
        self.change(|hooks| {
            let before = hooks.len();
            // What is removed here is only one count of the hook: the caller holds another, and drops it without the lock.
            hooks.retain(|other| !Arc::ptr_eq(other, hook));
            hooks.len() < before
        })
    }

    /// Makes another set current, unless `edit` changed nothing.
    fn change(&self, edit: impl FnOnce(&mut Vec<Arc<Hook>>) -> bool) -> bool {
        let mut table = self.lock();
        let old = self.current();
        let mut hooks = match table.place(old) {
            Some(Place { set: Some(set), .. }) => set.to_vec(),
            _ => Vec::new(),
        };
        let changed = edit(&mut hooks);
        if !changed {
            drop(table);
            return false;
        }
        let new = if hooks.is_empty() { 0 } else { table.put(hooks.into()) };
        self.current.store(new, Ordering::Relaxed);
        if new == 0 {
            self.notices.fetch_and(!HOOKS_ADDED, Ordering::Relaxed);
        } else {
            self.notices.fetch_or(HOOKS_ADDED, Ordering::Relaxed);
        }
        let retired = table.retire(old, new);
        drop(table);
        drop(retired);
        true
    }

    pub(super) fn before(&self, begin: &Begin<'_>) -> u32 {
        let Some((number, set)) = self.pin() else { return 0 };
        for hook in &*set {
            hook.before(begin);
        }
        number
    }

    pub(super) fn after(&self, number: u32, end: &End<'_>) {
        let Some(set) = self.unpin(number) else { return };
        for hook in set.iter().rev() {
            hook.after(end);
        }
    }

    fn pin(&self) -> Option<(u32, Set)> {
        let mut table = self.lock();
        let number = self.current();
        let place = table.place(number)?;
        place.live += 1;
        Some((number, place.set.clone()?))
    }

    /// Gives up a number. What it stood for is kept alive by what this returns.
    fn unpin(&self, number: u32) -> Option<Set> {
        let mut table = self.lock();
        let current = self.current();
        let place = table.place(number)?;
        place.live = place.live.checked_sub(1)?;
        let set = place.set.clone();
        // Not the last count of the set, so nothing is dropped under the lock.
        drop(table.retire(number, current));
        set
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many sets are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let table = self.lock();
        assert_eq!(
            table.places.len() - table.free.len(),
            table.places.iter().filter(|place| place.set.is_some()).count()
        );
        table.places.len() - table.free.len()
    }
}
