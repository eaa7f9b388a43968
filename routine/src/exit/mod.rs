//! The end of the process, when a routine fails that must not.
//!
//! The order: a watchdog, then the drop of what the routine left behind, the record, the after-hooks, the callbacks of
//! [`at_exit`], the copy on stderr, and the exit. All but the first run users' code or wait for users' locks, so the watchdog
//! is there before any of them.
//!
//! # Invariants
//! - `ENDING` names the thread that is ending the process. It is filled by the first failure, and emptied only after an exit
//!   function was called and returned, which only a replaced one does.
//! - For each filling of `ENDING` exactly one exit function is called: `Watch` decides whether by that thread or by its
//!   watchdog.
//! - No lock is held while users' code runs, or while another lock of this module is taken.

mod callbacks;
mod stderr;
#[cfg(test)]
mod tests;
mod watchdog;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tracing::dispatcher::{self, Dispatch};
use tracing::subscriber::NoSubscriber;

use crate::panic;
use crate::shutdown;

pub use callbacks::{AtExit, at_exit};
use watchdog::{Stage, Watch};

/// A function that ends the process with a code.
pub type ExitFunction = fn(i32);

/// What the process exits with.
const CODE: i32 = 1;

/// Nanoseconds from the failure to the exit, at most.
static DEADLINE: AtomicU64 = AtomicU64::new(5_000_000_000);
/// What is called instead of the process's own exit.
static EXIT: Mutex<Option<ExitFunction>> = Mutex::new(None);

static ENDING: Mutex<Option<Ending>> = Mutex::new(None);
static OVER: Condvar = Condvar::new();

/// A failure that is ending the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    thread: ThreadId,
    number: u64,
}

/// What a failure does about the process.
#[derive(Debug)]
enum Part {
    /// It is the first, and ends the process.
    Ends,
    /// A callback or a hook of this thread's own ending failed: the ending goes on when it returns.
    Inside,
    /// Another thread is ending the process.
    Waits(Ending),
    /// It has the process shut down in order, which then ends it.
    InOrder(Duration),
}

/// Sets how long a failure under [`Policy::MustSuccess`](crate::Policy::MustSuccess) may take to end the process: for the
/// record, the after-hooks and the [`at_exit`] callbacks together. 5 seconds unless set; the next failure goes by it.
///
/// At the deadline the process exits from a thread of its own, with code 1, whatever hangs: a callback, a subscriber, a lock
/// that somebody holds. Should the exit itself hang, in a handler that a C library registered, the process is aborted
/// a second later.
pub fn set_exit_deadline(deadline: Duration) {
    DEADLINE.store(u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Replaces the function that ends the process when a routine under
/// [`Policy::MustSuccess`](crate::Policy::MustSuccess) fails; `None` puts [`std::process::exit`] back. Gives what was set
/// before.
///
/// For tests of code that must end the process. The function is called with the exit code, 1, where the process would have
/// exited: once, however many routines fail together, on the thread of the one that failed first, or on the watchdog's
/// where the deadline was over. If it returns, or panics, the process lives, those routines end as failed, their handles
/// resolve, and the next failure begins anew.
///
/// It is process-wide: tests that replace it must not run side by side.
///
/// ```
/// use std::sync::atomic::{AtomicI32, Ordering};
///
/// static CODE: AtomicI32 = AtomicI32::new(0);
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let own = routine::set_exit(Some(|code| CODE.store(code, Ordering::Relaxed)));
/// let ended = routine::go_with_must_success(async { Err::<(), _>("no port is free") }).await;
/// routine::set_exit(own);
///
/// assert_eq!(CODE.load(Ordering::Relaxed), 1);
/// assert!(ended.is_err());
/// # }
/// ```
pub fn set_exit(exit: Option<ExitFunction>) -> Option<ExitFunction> {
    std::mem::replace(&mut *lock(&EXIT), exit)
}

/// The end of the process, which has begun: the watchdog runs.
#[derive(Debug)]
pub(crate) struct Exit {
    part: Part,
    watch: Arc<Watch>,
}

/// Begins the end of the process, since a routine failed that must not: from here on a watchdog ends it at the deadline. Called
/// before anything of the user's is dropped, displayed or run.
///
/// With `graceful`, a shutdown within that time ends the process, once the failure was told, which is watched as well.
#[cold]
pub(crate) fn begin(graceful: Option<Duration>) -> Exit {
    let part = graceful.map_or_else(take_part, Part::InOrder);
    let watch = Arc::new(Watch::default());
    if matches!(part, Part::Ends | Part::InOrder(_)) && watchdog::start(&watch, deadline()).is_err() {
        stderr::write("routine: no thread can be started to watch over the exit, so the process exits now\n");
        watch.exit();
    }
    Exit { part, watch }
}

impl Exit {
    /// Makes the record, runs the after-hooks and the callbacks, writes `copy` to stderr, and exits.
    ///
    /// Blocks this thread, and with it a worker of the runtime, which is about to end anyway. Where another thread is ending
    /// the process, this makes the record, runs the after-hooks, writes the copy, and waits for that. Returns only after a
    /// replaced exit returned; or inside a callback or hook of an ending, which goes on then.
    pub(crate) fn finish(self, report: impl FnOnce(), after: impl FnOnce(), copy: impl FnOnce() -> String) {
        let Self { part, watch } = self;
        watch.enter(Stage::Display);
        panic::swallow(|| watch.keep_copy(copy() + "\n"));
        watch.enter(Stage::Report);
        panic::swallow(report);
        if dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
            // The record itself went to stderr.
            watch.take_copy();
        }
        watch.enter(Stage::Hooks);
        panic::swallow(after);
        if matches!(part, Part::Ends) {
            watch.enter(Stage::Callbacks);
            callbacks::run();
        }
        watch.enter(Stage::Copy);
        stderr::write(&watch.take_copy());
        match part {
            Part::Ends => {
                watch.exit();
                *lock(&ENDING) = None;
                OVER.notify_all();
            }
            Part::Inside => {}
            Part::InOrder(time) => {
                watch.release();
                shutdown::end_in_order(time);
            }
            Part::Waits(ending) => wait(ending),
        }
    }
}

fn take_part() -> Part {
    static LAST: AtomicU64 = AtomicU64::new(0);

    let thread = thread::current().id();
    let mut first = lock(&ENDING);
    match *first {
        None => {
            *first = Some(Ending { thread, number: LAST.fetch_add(1, Ordering::Relaxed) });
            Part::Ends
        }
        Some(ending) if ending.thread == thread => Part::Inside,
        Some(ending) => Part::Waits(ending),
    }
}

/// Waits until the process is gone, or until its exit returned.
fn wait(ending: Ending) {
    let mut now = lock(&ENDING);
    while *now == Some(ending) {
        now = OVER.wait(now).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Runs the callbacks that are there, here.
pub(crate) fn run_callbacks() {
    callbacks::run();
}

/// Writes a text to stderr, without its lock.
pub(crate) fn write_to_stderr(text: &str) {
    stderr::write(text);
}

/// Exits with a code, and aborts where that hangs. Returns only from a replaced exit.
pub(crate) fn end_process(code: i32) {
    if !is_replaced() {
        watchdog::abort_in_a_while();
    }
    call_exit(code);
}

pub(crate) fn deadline() -> Duration {
    Duration::from_nanos(DEADLINE.load(Ordering::Relaxed))
}

/// Whether the exit is not the process's own.
fn is_replaced() -> bool {
    lock(&EXIT).is_some()
}

/// Exits; returns only from a replaced exit.
fn call_exit(code: i32) {
    let replaced = *lock(&EXIT);
    match replaced {
        Some(exit) => {
            panic::swallow(|| exit(code));
        }
        None => std::process::exit(code),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
