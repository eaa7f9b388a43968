//! The books: how many routines started, and how each ended.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::outcome::Outcome;

/// A counter with a cache line of its own: threads that start routines do not wait for threads that end them.
#[repr(align(128))]
#[derive(Debug)]
struct Counter(AtomicU64);

impl Counter {
    const fn new(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }

    #[inline]
    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// The next number. Every routine takes one, so this counts what started, too.
static NEXT: Counter = Counter::new(1);
/// Numbers of routines that tokio refused after they had taken one.
static WITHDRAWN: Counter = Counter::new(0);
static COMPLETED: Counter = Counter::new(0);
static FAILED: Counter = Counter::new(0);
static PANICKED: Counter = Counter::new(0);
static CANCELLED: Counter = Counter::new(0);
static TIMED_OUT: Counter = Counter::new(0);
static REJECTED: Counter = Counter::new(0);

/// Counts a routine as started, under the number that it takes.
#[inline]
pub(crate) fn started() -> u64 {
    NEXT.0.fetch_add(1, Ordering::Relaxed)
}

#[inline]
pub(crate) fn completed() {
    COMPLETED.count();
}

pub(crate) fn ended(outcome: Outcome) {
    match outcome {
        Outcome::Completed => COMPLETED.count(),
        Outcome::Failed => FAILED.count(),
        Outcome::Panicked => PANICKED.count(),
        Outcome::Cancelled => CANCELLED.count(),
        Outcome::TimedOut => TIMED_OUT.count(),
    }
}

pub(crate) fn rejected() {
    REJECTED.count();
}

/// Takes a start back: the routine was refused before it could run.
pub(crate) fn withdrawn() {
    WITHDRAWN.count();
    REJECTED.count();
}

/// How many routines this process started, and how they ended, since it began.
///
/// Every routine that started is counted under exactly one ending, or is live. The counters are read one after the
/// other, so the sum holds exactly once no routine starts or ends meanwhile:
/// `started = completed + failed + panicked + cancelled + timed_out + live`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Routines that started, in place or in the background.
    pub started: u64,
    /// Ended by returning, and not with an `Err`.
    pub completed: u64,
    /// Ended by returning an `Err`.
    pub failed: u64,
    /// Ended by a panic.
    pub panicked: u64,
    /// Aborted, or dropped with their runtime or their caller.
    pub cancelled: u64,
    /// Ended by their `timeout`.
    pub timed_out: u64,
    /// Have started and not ended yet.
    pub live: u64,
    /// Refused before they started; not part of `started`.
    pub rejected: u64,
}

impl Stats {
    /// Routines that ended, in whatever way.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.completed + self.failed + self.panicked + self.cancelled + self.timed_out
    }
}

/// The books of this process: how many routines started, and how they ended.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let before = routine::stats();
/// routine::go(async {}).await.unwrap();
/// assert!(routine::stats().completed > before.completed);
/// # }
/// ```
#[must_use]
pub fn stats() -> Stats {
    let mut stats = Stats {
        started: 0,
        completed: COMPLETED.get(),
        failed: FAILED.get(),
        panicked: PANICKED.get(),
        cancelled: CANCELLED.get(),
        timed_out: TIMED_OUT.get(),
        live: 0,
        rejected: REJECTED.get(),
    };
    // Read last, so that a routine that ends meanwhile is never counted as ended before it is counted as started.
    stats.started = (NEXT.get() - 1).saturating_sub(WITHDRAWN.get());
    stats.live = stats.started.saturating_sub(stats.ended());
    stats
}
