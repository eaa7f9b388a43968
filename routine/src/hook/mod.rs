//! Process-wide callbacks: before a routine's body first runs, and after it has ended.
//!
//! # Order and consistency
//! Before-hooks run in the order in which they were added, after-hooks in the reverse. A routine takes the set of hooks as it
//! is at its first poll, and keeps it: a hook that is added later does not see it, and an after-hook that is removed
//! meanwhile still runs for it. So each before-hook is paired with the after-hooks of the same moment.
//!
//! # Where they run
//! Inside the routine, on the thread that runs its body, with its trace current and its span entered. They delay it, so they
//! should be quick. A routine that is dropped before its first poll (aborted, or lost with its runtime) runs its before-hooks
//! and then its after-hooks where it is dropped, with `started() == false`. A handle resolves after the after-hooks.
//!
//! A hook may do anything: log, spawn, dump, add and remove hooks. A routine that is started inside a hook runs without
//! hooks. A hook that panics is reported (ten times at once and once a second from then on), and the others run.
//!
//! Without hooks, a routine pays one relaxed load for this.

mod event;
mod set;

use std::panic::Location;

pub use event::{Begin, End};
pub(crate) use set::{after, before, current};

use set::{Call, Hook};

/// A hook that was added. Dropping this keeps the hook; [`remove`](HookHandle::remove) removes it.
#[derive(Debug)]
pub struct HookHandle(u64);

impl HookHandle {
    /// Removes the hook. Routines that have begun still run it if it is an after-hook; no routine that begins after this
    /// returned does.
    ///
    /// The closure is dropped once the last such routine has ended, on that routine's thread.
    pub fn remove(self) {
        set::remove(self.0);
    }
}

/// Adds a hook that runs before the body of every routine that has not begun yet, see [`hook`](self).
///
/// ```
/// let hook = routine::add_before_routine(|begin| println!("{} begins", begin.name()));
/// hook.remove();
/// ```
#[track_caller]
pub fn add_before_routine(hook: impl Fn(&Begin<'_>) + Send + Sync + 'static) -> HookHandle {
    HookHandle(set::add(Hook::new(Call::Before(Box::new(hook)), Location::caller())))
}

/// Adds a hook that runs once after every routine that has not begun yet, however that ends, see [`hook`](self).
///
/// ```
/// let hook = routine::add_after_routine(|end| println!("{} {} after {:?}", end.name(), end.outcome(), end.duration()));
/// hook.remove();
/// ```
#[track_caller]
pub fn add_after_routine(hook: impl Fn(&End<'_>) + Send + Sync + 'static) -> HookHandle {
    HookHandle(set::add(Hook::new(Call::After(Box::new(hook)), Location::caller())))
}
