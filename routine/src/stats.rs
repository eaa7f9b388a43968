//! The books: how many routines started, and how each ended.

//!
//! Every thread that starts or ends routines has a part of the books to itself, so that counting makes no thread wait for
//! another; a reader adds the parts up. A thread takes numbers for its routines in blocks, as Go's scheduler does.
//!
//! # Invariants
//! - A part is written to by the one thread that holds it, `UNOPENED` by all threads that hold none. Parts are never given
//!   back: that of a thread that ended goes on with the next thread.
//! - A start is published before what it leads to, an end after it, and a reader reads the ends first: it never sees a
//!   routine end that it does not see start.
//! - One lock, `PARTS`; no code of a user runs under it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::outcome::Outcome;

/// Numbers that a thread takes at once. A power of two.
const BLOCK: u64 = 16;

/// What is counted besides starts and completions.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Ended(Outcome),
    /// A start that was refused before it took a number.
    Rejected,
    /// A start that was refused after it had taken a number.
    Withdrawn,
    /// A start that was none, after it had taken a number: its job was not admitted to its pool.
    TakenBack,
}

/// A thread's part of the books, on cache lines of its own.
#[repr(align(128))]
#[derive(Debug)]
pub(crate) struct Counts {
    started: AtomicU64,
    /// The distance between `started` and the number that goes with it, in the block that is in use.
    offset: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
    timed_out: AtomicU64,
    rejected: AtomicU64,
    withdrawn: AtomicU64,
}

/// The part of all threads that hold none of their own: they have not started a routine yet, or are ending.
static UNOPENED: Counts = Counts::new();
/// The first number of the next block.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

static PARTS: Mutex<Parts> = Mutex::new(Parts { all: Vec::new(), free: Vec::new() });

struct Parts {
    all: Vec<&'static Counts>,
    /// Those whose threads have ended.
    free: Vec<&'static Counts>,
}

impl Counts {
    const fn new() -> Self {
        Self {
            started: AtomicU64::new(0),
            offset: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            timed_out: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            withdrawn: AtomicU64::new(0),
        }
    }

    /// Counts a start, and gives its number. For the thread that holds this.
    #[inline]
    pub(crate) fn start(&self) -> u64 {
        let started = self.started.load(Ordering::Relaxed);
        if started % BLOCK == 0 {
            self.take_block(started);
        }
        self.started.store(started + 1, Ordering::Release);
        started.wrapping_add(self.offset.load(Ordering::Relaxed))
    }

    #[cold]
    fn take_block(&self, started: u64) {
        let first = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
        self.offset.store(first.wrapping_sub(started), Ordering::Relaxed);
    }

    /// Counts an end. For the thread that holds this.
    #[inline]
    pub(crate) fn complete(&self) {
        add_alone(&self.completed);
    }

    /// Counts what is not counted at every routine. For the thread that holds this.
    pub(crate) fn count(&self, what: Count) {
        for counter in self.counters(what).into_iter().flatten() {
            add_alone(counter);
        }
    }

    #[cfg(all(test, not(routine_loom)))]
    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Acquire)
    }

    fn counters(&self, what: Count) -> [Option<&AtomicU64>; 2] {
        match what {
            Count::Ended(Outcome::Completed) => [Some(&self.completed), None],
            Count::Ended(Outcome::Failed) => [Some(&self.failed), None],
            Count::Ended(Outcome::Panicked) => [Some(&self.panicked), None],
            Count::Ended(Outcome::Cancelled) => [Some(&self.cancelled), None],
            Count::Ended(Outcome::TimedOut) => [Some(&self.timed_out), None],
            Count::Rejected => [Some(&self.rejected), None],
            Count::Withdrawn => [Some(&self.withdrawn), Some(&self.rejected)],
            Count::TakenBack => [Some(&self.withdrawn), None],
        }
    }
}

#[cfg(all(test, not(routine_loom)))]
pub(crate) fn completed_unopened() -> u64 {
    UNOPENED.completed.load(Ordering::Acquire)
}

/// Adds one to a counter that nobody else writes to: a tenth of the time of an addition that others may make too.
#[inline]
fn add_alone(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Release);
}

fn parts() -> MutexGuard<'static, Parts> {
    PARTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A part of the books for the thread that asks.
pub(crate) fn open() -> &'static Counts {
    let mut parts = parts();
    parts.free.pop().unwrap_or_else(|| {
        let counts: &'static Counts = Box::leak(Box::new(Counts::new()));
        parts.all.push(counts);
        counts
    })
}

/// Takes back the part of a thread that is ending.
pub(crate) fn close(counts: &'static Counts) {
    parts().free.push(counts);
}

/// [`Counts::start`], for a thread without a part.
pub(crate) fn start_unopened() -> u64 {
    UNOPENED.started.fetch_add(1, Ordering::AcqRel);
    NEXT_BLOCK.fetch_add(1, Ordering::Relaxed)
}

/// [`Counts::count`], for a thread without a part.
pub(crate) fn count_unopened(what: Count) {
    for counter in UNOPENED.counters(what).into_iter().flatten() {
        counter.fetch_add(1, Ordering::AcqRel);
    }
}

/// How many routines this process started, and how they ended, since it began.
///
/// Every routine that started is counted under exactly one ending, or is live. The counters are read one after the
/// other, so the sum holds exactly when no routine starts or ends meanwhile:
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
    // Held throughout, so that no thread opens a part that only the second round would see.
    let parts = parts();
    let counts = || parts.all.iter().copied().chain(std::iter::once(&UNOPENED));
    let mut stats = Stats::default();
    for counts in counts() {
        stats.completed += counts.completed.load(Ordering::Acquire);
        stats.failed += counts.failed.load(Ordering::Acquire);
        stats.panicked += counts.panicked.load(Ordering::Acquire);
        stats.cancelled += counts.cancelled.load(Ordering::Acquire);
        stats.timed_out += counts.timed_out.load(Ordering::Acquire);
        stats.rejected += counts.rejected.load(Ordering::Acquire);
    }
    let withdrawn: u64 = counts().map(|counts| counts.withdrawn.load(Ordering::Acquire)).sum();
    let numbered: u64 = counts().map(|counts| counts.started.load(Ordering::Acquire)).sum();
    stats.started = numbered - withdrawn;
    stats.live = stats.started.saturating_sub(stats.ended());
    stats
}
