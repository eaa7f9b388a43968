//! What a schedule does beyond its plain instants.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::error::Invalid;
use super::wall::WallClock;

/// What happens to a run whose instant comes while an earlier run is still going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overlap {
    /// It is left out, and counted as [`skipped`](super::ScheduleStats::skipped).
    #[default]
    Skip,
    /// It waits until the earlier one has ended. One waits at most; what comes then is left out, and counted as skipped.
    Queue,
    /// The earlier one is aborted, which ends it at its next await; then the new one runs. The two never run at once.
    CancelOld,
    /// It runs beside the earlier ones, if fewer than so many run; else it is left out, and counted as skipped.
    Allow(usize),
}

/// What happens to instants that have passed unseen, because the runtime stalled or a wall clock was stepped forward. An instant
/// has passed unseen once the next one has come; one that is merely late runs late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Missed {
    /// One run makes up for all of them; the others are counted as [`missed`](super::ScheduleStats::missed).
    #[default]
    CatchUp,
    /// All are left out, and counted as missed; what is due just now runs.
    Skip,
    /// As many runs make up for them, at most; the others are counted as missed. These runs go one after the other, or side by
    /// side as far as [`Overlap::Allow`] lets them; none of them is skipped.
    All(usize),
}

/// What a builder has gathered, for every kind of schedule.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(super) from_end: bool,
    pub(super) overlap: Overlap,
    pub(super) missed: Missed,
    pub(super) jitter: Duration,
    pub(super) start_immediately: bool,
    /// When the first instant is, where it is not a period from the beginning.
    pub(super) first: Option<Duration>,
    pub(super) times: Option<u64>,
    pub(super) until: Option<SystemTime>,
    pub(super) clock: Option<Arc<dyn WallClock>>,
}

/// The longest period, delay and jitter. Beyond it the sums of instants would overflow, and nobody would be there to see it.
pub(super) const LONGEST: Duration = Duration::from_secs(36_525 * 24 * 60 * 60);

impl Options {
    /// Of a schedule whose first instant is so far away.
    pub(crate) fn beginning(first: Option<Duration>) -> Self {
        Self { first, ..Self::default() }
    }

    /// Refuses what holds for no kind of schedule.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.times == Some(0) {
            return Err(Invalid::NoTimes);
        }
        if self.overlap == Overlap::Allow(0) {
            return Err(Invalid::AllowNone);
        }
        if self.missed == Missed::All(0) {
            return Err(Invalid::AllOfNone);
        }
        check_length("a jitter", self.jitter)
    }

    /// Refuses what says how runs repeat, for what runs once.
    pub(super) fn check_once(&self) -> Result<(), Invalid> {
        let given = [
            ("from_end", self.from_end),
            ("overlap", self.overlap != Overlap::default()),
            ("missed", self.missed != Missed::default()),
            ("start_immediately", self.start_immediately),
            ("first_after", self.first.is_some()),
            ("times", self.times.is_some()),
            ("until", self.until.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Invalid::Once(option)),
            None => check_length("a jitter", self.jitter),
        }
    }
}

pub(super) fn check_length(what: &'static str, length: Duration) -> Result<(), Invalid> {
    if length > LONGEST { Err(Invalid::TooLong(what, length)) } else { Ok(()) }
}
