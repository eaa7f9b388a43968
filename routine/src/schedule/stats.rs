//! What a schedule has done.

use std::time::Duration;

use crate::outcome::Outcome;

/// What a schedule has done until now. At rest, `runs` is the sum of `completed`, `failed`, `panicked`, `cancelled` and
/// `timed_out`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleStats {
    /// Runs that have begun, those of [`run_now`](super::Schedule::run_now) included.
    pub runs: u64,
    /// Runs that returned, and not with an error.
    pub completed: u64,
    /// Runs that returned an error.
    pub failed: u64,
    /// Runs that panicked, or whose closure did.
    pub panicked: u64,
    /// Runs that were aborted, by [`stop`](super::Schedule::stop), by [`Overlap::CancelOld`](super::Overlap), or with their
    /// runtime.
    pub cancelled: u64,
    /// Runs whose time ran out.
    pub timed_out: u64,
    /// Runs that were left out since others were still going, and those that still waited for others when the schedule ended.
    pub skipped: u64,
    /// Instants that passed unseen, and were not made up for. For a calendar they are counted up to a thousand in one go.
    pub missed: u64,
    /// Runs that are going on now.
    pub running: usize,
}

/// How the run that ended last has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastRun {
    /// Its number, which counts from 1: the field `run` of its routine.
    pub run: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, on tokio's clock.
    pub duration: Duration,
}

impl ScheduleStats {
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
