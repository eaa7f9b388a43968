//! Why a schedule could not be.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// A schedule that could not be: what it was asked for can never run, or is out of range, or there is nothing here to run it.
/// Nothing was started.
#[derive(Debug)]
pub struct InvalidSchedule(Invalid);

#[derive(Debug)]
pub(crate) enum Invalid {
    NoRuntime,
    NoTimers,
    NoPeriod,
    TooLong(&'static str, Duration),
    Past(Duration),
    Ended,
    Never,
    NoTimes,
    AllowNone,
    AllOfNone,
    Jitter(Duration, Duration),
    CalendarFromEnd,
    ShuttingDown,
    #[cfg(feature = "cron")]
    Cron(super::CronError),
    /// An option that says how runs repeat, of what runs once.
    Once(&'static str),
}

#[cfg(feature = "cron")]
impl From<super::CronError> for InvalidSchedule {
    fn from(error: super::CronError) -> Self {
        Self(Invalid::Cron(error))
    }
}

/// A [`Cron`](super::Cron) that was read before needs no reading.
impl From<Infallible> for InvalidSchedule {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<Invalid> for InvalidSchedule {
    fn from(invalid: Invalid) -> Self {
        Self(invalid)
    }
}

impl InvalidSchedule {
    /// Whether there was no tokio runtime here, or one without timers, so that the schedule may be right elsewhere.
    #[must_use]
    pub const fn is_out_of_place(&self) -> bool {
        matches!(self.0, Invalid::NoRuntime | Invalid::NoTimers)
    }
}

impl fmt::Display for InvalidSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Invalid::NoRuntime => f.write_str("no tokio runtime here: make the schedule inside one"),
            Invalid::NoTimers => f.write_str("this tokio runtime has no timers: build it with `enable_time`"),
            Invalid::NoPeriod => f.write_str("a period of 0 would run without end: give it one above 0"),
            Invalid::TooLong(what, length) => write!(f, "{what} of {length:?} is no use: keep it below 100 years"),
            Invalid::Past(ago) => write!(f, "the instant was {ago:?} ago: give one to come, or use `go`"),
            Invalid::Ended => f.write_str("nothing would run before `until`: give a later one"),
            Invalid::Never => f.write_str("the calendar has no instant to come: give one that has"),
            Invalid::NoTimes => f.write_str("`times(0)` would never run: give it at least 1"),
            Invalid::AllowNone => f.write_str("`Overlap::Allow(0)` would never run: give it at least 1"),
            Invalid::AllOfNone => f.write_str("`Missed::All(0)` makes up for nothing: use `Missed::Skip`"),
            Invalid::Jitter(jitter, period) => {
                write!(f, "a jitter of {jitter:?} would move runs past the next: keep it below the period, {period:?}")
            }
            Invalid::ShuttingDown => f.write_str("the process is shutting down, and begins no more runs"),
            #[cfg(feature = "cron")]
            Invalid::Cron(error) => error.fmt(f),
            Invalid::CalendarFromEnd => {
                f.write_str("`from_end` goes with `every`: a calendar's instants do not hang on when a run ends")
            }
            Invalid::Once(option) => write!(f, "`{option}` is for what runs often: leave it out, or use `every`"),
        }
    }
}

impl StdError for InvalidSchedule {}
