//! Process-wide callbacks around every routine.
//!
//! [`add_before_routine`] adds a callback that runs before a routine's body first runs,
//! [`add_after_routine`] one that runs after it has ended, whatever ended it, and
//! [`add_around_routine`] both at once.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use routine::Outcome;
//! use routine::hook::End;
//!
//! static FAILED: AtomicU64 = AtomicU64::new(0);
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! routine::add_after_routine(|end: &End<'_>| {
//!     if end.outcome() != Outcome::Completed {
//!         FAILED.fetch_add(1, Ordering::Relaxed);
//!     }
//! });
//! let _ = routine::go(async { Err::<(), _>("no such file") }).await;
//! assert_eq!(FAILED.load(Ordering::Relaxed), 1);
//! # }
//! ```
//!
//! # Order
//! Before-hooks run in the order in which they were added, after-hooks in the reverse of it: the first added is the
//! outermost.
//!
//! # Which routines
//! Every routine, in place or not, runs the hooks that were there when its body was about to run first, and no others. A
//! hook added later is not seen by it, and an after-hook removed meanwhile still runs for it. So what
//! [`add_around_routine`] added runs both times or not at all, however hooks come and go; two
//! hooks added by two calls do not have that between them, since a routine may begin between the calls.
//!
//! A routine that ends before its body ran, because it was aborted or its runtime dropped, runs its before-hooks and then
//! its after-hooks at its end, and [`Begin::started`] and [`End::started`] say so. One that was refused (it never became
//! a routine: [`Stats::rejected`](crate::Stats)) runs none. A routine that a hook starts runs without hooks, and so does
//! what that one starts, so that a hook may start one and never leads back to itself.
//!
//! # Where they run
//! In the routine's first poll and at its end, on the thread and in the task that run its body, or on the thread that drops
//! it. The routine is current: [`current`](crate::current) and [`trace::current`](crate::trace::current) are its own, also
//! in after-hooks, which run after its failure was reported and before its handle resolves. Its poll waits for them, so they
//! must be quick and must not block: count, note, send to a channel.
//!
//! # What they may do
//! Anything else: no lock is held while they run or are dropped. They may add and remove hooks, themselves too, start
//! routines, and ask for [`stats`](crate::stats), [`snapshot`](crate::snapshot) and [`dump`](crate::dump).
//!
//! A hook that panics is reported, with the place where it was added, for the first ten times and once a second from then
//! on; the other hooks and the routine go on. With `panic = "abort"` it ends the process, as any panic does.
//!
//! # What they cost
//! Without hooks: one relaxed load where a routine begins. With them: an exact clock instead of a coarse one, two short
//! locks of a table that all threads share, and the hooks themselves.

mod event;
mod handle;
mod set;
#[cfg(test)]
mod tests;

use std::panic::Location;

pub use event::{Begin, End};
pub use handle::HookHandle;
pub(crate) use set::{HOOKS_ADDED, SHUTDOWN};
use set::{Hook, Hooks};

static HOOKS: Hooks = Hooks::new();

/// Adds a callback that runs for every routine before its body first runs. Go's `AddBeforeRoutine`.
///
/// It stays until [`HookHandle::remove`]; dropping the handle leaves it there for good. Order, consistency, panics and
/// what a hook may do are described at [`hook`](self).
///
/// ```
/// use routine::hook::Begin;
///
/// routine::add_before_routine(|begin: &Begin<'_>| {
///     tracing::debug!(id = %begin.id(), parent = ?begin.parent(), name = begin.name(), "begins");
/// });
/// ```
#[track_caller]
pub fn add_before_routine<F>(before: F) -> HookHandle
where
    F: Fn(&Begin<'_>) + Send + Sync + 'static,
{
    HookHandle::of(HOOKS.add(Hook::new(Some(Box::new(before)), None, Location::caller())))
}

/// Adds a callback that runs for every routine after it has ended, whatever ended it: its return, its error, its panic,
/// its timeout, an abort, or the end of its runtime. Go's `AddAfterRoutine`.
///
/// It stays until [`HookHandle::remove`]; dropping the handle leaves it there for good. Order, consistency, panics and
/// what a hook may do are described at [`hook`](self).
///
/// ```
/// use routine::hook::End;
///
/// routine::add_after_routine(|end: &End<'_>| {
///     tracing::debug!(id = %end.id(), outcome = %end.outcome(), took = ?end.duration(), "ended");
/// });
/// ```
#[track_caller]
pub fn add_after_routine<F>(after: F) -> HookHandle
where
    F: Fn(&End<'_>) + Send + Sync + 'static,
{
    HookHandle::of(HOOKS.add(Hook::new(None, Some(Box::new(after)), Location::caller())))
}

/// Adds a before-hook and an after-hook that belong together: every routine runs both or neither, so that what the one
/// counts up the other counts down.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
///
/// static RUNNING: AtomicI64 = AtomicI64::new(0);
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let gauge = routine::add_around_routine(
///     |_| { RUNNING.fetch_add(1, Ordering::Relaxed); },
///     |_| { RUNNING.fetch_sub(1, Ordering::Relaxed); },
/// );
/// let _ = routine::go(async {}).await;
/// assert_eq!(RUNNING.load(Ordering::Relaxed), 0);
/// assert!(gauge.remove());
/// # }
/// ```
#[track_caller]
pub fn add_around_routine<B, A>(before: B, after: A) -> HookHandle
where
    B: Fn(&Begin<'_>) + Send + Sync + 'static,
    A: Fn(&End<'_>) + Send + Sync + 'static,
{
    HookHandle::of(HOOKS.add(Hook::new(Some(Box::new(before)), Some(Box::new(after)), Location::caller())))
}

/// What a turn has to look at, all in one word, so that a routine that has to look at nothing asks once.
#[inline]
pub(crate) fn notices() -> u32 {
    HOOKS.notices()
}

/// Has every routine look at its next turn: the process is shutting down.
pub(crate) fn notice_shutdown() {
    HOOKS.notice(SHUTDOWN);
}

/// The number of the set of hooks that a routine runs that begins now; 0 where there are none.
#[inline]
pub(crate) fn current() -> u32 {
    HOOKS.current()
}

/// Runs the before-hooks for a routine and keeps their set for its end. The number of the set, to be handed to [`after`]
/// exactly once; 0 where the last hook was removed a moment ago.
#[cold]
pub(crate) fn before(begin: &Begin<'_>) -> u32 {
    HOOKS.before(begin)
}

/// Runs the after-hooks of the set that the routine began under.
#[cold]
pub(crate) fn after(set: u32, end: &End<'_>) {
    HOOKS.after(set, end);
}
