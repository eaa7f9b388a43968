//! Why a pool did not take a job.

use std::error::Error as StdError;
use std::fmt;

/// A job that a pool did not take, and why.
pub struct SubmitError<J> {
    kind: SubmitErrorKind,
    job: J,
}

/// Why a pool did not take a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubmitErrorKind {
    /// As many jobs run and wait as there may.
    Full,
    /// There was no room for it in the time that it was given.
    TimedOut,
    /// The pool is closed, or ended with its runtime.
    Closed,
    /// A job of that key waits or runs.
    InFlight,
    /// The pool is full, and whoever submitted is a job of it: waiting for room, it would hold the worker that makes room.
    OwnPool,
}

impl SubmitErrorKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "the pool is full: wait with `submit`, or drop the job",
            Self::TimedOut => "the pool was full all that time: wait longer, or drop the job",
            Self::Closed => "the pool is closed: take the job back with `into_job`, and run it elsewhere or drop it",
            Self::InFlight => "a job of that key is under way: drop this one, or submit it again once that has ended",
            Self::OwnPool => {
                "the pool is full, and a job that waits for room in its own pool may wait for ever: start it with `go`, or in \
                 another pool"
            }
        }
    }
}

impl fmt::Display for SubmitErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<J> SubmitError<J> {
    pub(super) const fn new(kind: SubmitErrorKind, job: J) -> Self {
        Self { kind, job }
    }

    /// Why.
    #[must_use]
    pub const fn kind(&self) -> SubmitErrorKind {
        self.kind
    }

    /// The job, to be submitted again, or elsewhere. It has not run.
    #[must_use]
    pub fn into_job(self) -> J {
        self.job
    }
}

impl<J> fmt::Display for SubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.kind, f)
    }
}

impl<J> fmt::Debug for SubmitError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmitError").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl<J> StdError for SubmitError<J> {}
