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
            Self::Closed => "the pool is closed",
            Self::InFlight => "a job of that key is under way",
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
