//! What is told of a failure that is followed by another try.

use std::fmt;
use std::time::Duration;

use tracing::Level;

use crate::panic;

/// Which try failed, and when the next one follows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Again {
    /// An attempt of a routine that is retried: for those who look closely, since the routine may still do well. The last one
    /// is told as an attempt, too, besides the record of the routine.
    Attempt { number: u32, of: u32, next: Option<Duration> },
    /// A run of a routine that is started anew: something went wrong, and somebody may want to mend it. The number is that of the
    /// restart which follows; of the last one where none does.
    Restart { number: u64, next: Option<Duration> },
    /// It was asked to stop, and is aborted since it took too long.
    Stop,
}

impl Again {
    /// Whether somebody is to be told: an error's `Display` may cost more than the attempt.
    pub(crate) fn is_wanted(self) -> bool {
        match self {
            // A subscriber's code may run here.
            Self::Attempt { .. } => panic::contain(|| tracing::enabled!(target: "routine", Level::DEBUG))
                .unwrap_or_else(|payload| {
                    panic::drop_payload(payload);
                    false
                }),
            Self::Restart { .. } | Self::Stop => true,
        }
    }

    /// Whose failure it is, of the routine with that name.
    pub(super) fn of(self, name: &str) -> String {
        match self {
            Self::Attempt { number, of, .. } => format!("attempt {number} of {of} of routine `{name}`"),
            Self::Restart { .. } | Self::Stop => format!("routine `{name}`"),
        }
    }
}

/// What follows.
impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt { next: None, .. } => Ok(()),
            Self::Attempt { next: Some(next), .. } => write!(f, ", the next follows in {next:?}"),
            Self::Stop => f.write_str(" after it was asked to stop, and is aborted"),
            Self::Restart { next: None, .. } => f.write_str(", and is not restarted any more"),
            Self::Restart { number, next: Some(next) } => write!(f, ", restart {number} follows in {next:?}"),
        }
    }
}
