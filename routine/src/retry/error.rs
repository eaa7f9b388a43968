//! What a retry cannot be made with.

use std::error::Error as StdError;
use std::fmt;

/// A [`Retry`](crate::Retry) that could not be.
#[derive(Clone, Debug)]
pub struct InvalidRetry(Invalid);

#[derive(Clone, Copy, Debug)]
enum Invalid {
    NoAttempt,
    NoTime,
}

impl InvalidRetry {
    pub(super) const fn no_attempt() -> Self {
        Self(Invalid::NoAttempt)
    }

    pub(super) const fn no_time() -> Self {
        Self(Invalid::NoTime)
    }
}

impl fmt::Display for InvalidRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Invalid::NoAttempt => "no attempt at all would give nothing: the first one counts, so ask for at least 1",
            Invalid::NoTime => "no attempt ends in no time: give each one a longer timeout, or leave it out",
        })
    }
}

impl StdError for InvalidRetry {}
