//! What a pool has done.

use std::time::Duration;

use crate::outcome::Outcome;

/// What a pool has done until now. At rest, `submitted` is the sum of all endings: every job that was ever submitted is counted
/// under one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Workers that there may be.
    pub workers: usize,
    /// Jobs that run now, those of shares included.
    pub running: usize,
    /// Jobs that wait for a worker now.
    pub waiting: usize,
    /// Jobs that were submitted, those that were handed back included.
    pub submitted: u64,
    /// Jobs that returned, and not with an error.
    pub completed: u64,
    /// Jobs that returned an error.
    pub failed: u64,
    /// Jobs that panicked.
    pub panicked: u64,
    /// Jobs that were aborted, or ended with their pool.
    pub cancelled: u64,
    /// Jobs whose time ran out.
    pub timed_out: u64,
    /// Jobs that were handed back to whoever submitted them.
    pub rejected: u64,
    /// How long jobs waited for a worker.
    pub waited: Spent,
    /// How long jobs ran.
    pub ran: Spent,
}

/// Times, of which there were some. Real time, read from the coarse clock where the system has one (on Linux it moves on once
/// in some milliseconds).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spent {
    /// How many.
    pub count: u64,
    /// All together.
    pub sum: Duration,
    /// The longest.
    pub max: Duration,
}

/// [`Spent`] while it grows: in nanoseconds, since a [`Duration`] divides with each sum. That is enough for 584 years of work.
#[derive(Clone, Copy, Default)]
pub(super) struct Nanos {
    count: u64,
    sum: u64,
    max: u64,
}

impl Nanos {
    pub(super) fn add(&mut self, nanos: u64) {
        self.count += 1;
        self.sum = self.sum.saturating_add(nanos);
        self.max = self.max.max(nanos);
    }

    pub(super) const fn spent(self) -> Spent {
        Spent { count: self.count, sum: Duration::from_nanos(self.sum), max: Duration::from_nanos(self.max) }
    }
}

impl PoolStats {
    pub(super) fn end(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Completed => &mut self.completed,
            Outcome::Failed => &mut self.failed,
            Outcome::Panicked => &mut self.panicked,
            Outcome::TimedOut => &mut self.timed_out,
            Outcome::Cancelled => &mut self.cancelled,
        };
        *count += 1;
    }
}
