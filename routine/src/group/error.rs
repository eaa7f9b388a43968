//! What went wrong in a group.

use std::error::Error as StdError;
use std::fmt;

use super::shared::Failures;
use crate::error::Error;

/// Why a group gave no values: its first failure, and those that came after.
///
/// The first failure is the cause; a member that was only cancelled because of it is none. Whatever a group keeps is in here;
/// beyond sixteen failures the rest were reported when they happened, and are counted.
pub struct GroupError {
    cause: Error,
    others: Vec<Error>,
    left_out: usize,
}

impl GroupError {
    /// What is left of the failures of a group; `None` where there were none.
    pub(super) fn of(failures: Failures) -> Option<Self> {
        let mut kept = failures.kept.into_iter().map(Error::taken);
        let cause = kept.next()?;
        Some(Self { cause, others: kept.collect(), left_out: failures.left_out })
    }

    /// Of a group without a failure that gave no values all the same.
    pub(super) fn alone(cause: Error) -> Self {
        Self { cause, others: Vec::new(), left_out: 0 }
    }

    /// What went wrong first.
    #[must_use]
    pub const fn cause(&self) -> &Error {
        &self.cause
    }

    /// The cause by itself.
    #[must_use]
    pub fn into_cause(self) -> Error {
        self.cause
    }

    /// What went wrong after that, in its order, fifteen at most.
    #[must_use]
    pub fn others(&self) -> &[Error] {
        &self.others
    }

    /// How many failures more there were, each of which was reported when it happened.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }
}

impl fmt::Display for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)?;
        match self.others.len() + self.left_out {
            0 => Ok(()),
            more => write!(f, ", and {more} more failed"),
        }
    }
}

impl fmt::Debug for GroupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupError")
            .field("cause", &self.cause)
            .field("others", &self.others)
            .field("left_out", &self.left_out)
            .finish()
    }
}

impl StdError for GroupError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}
