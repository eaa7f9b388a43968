//! What a restart cannot be made with, and what a loop ends in that used up its restarts.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Budget;
use crate::outcome::BoxError;

/// The restarts of a loop, or of a [`Supervisor`](crate::Supervisor)'s children, are used up, and there was one ending more. It is
/// the error that the loop, or the supervisor, fails with; its source is the last failure, if that ending was one.
#[derive(Debug)]
pub struct RestartsExhausted {
    child: Option<Arc<str>>,
    restarts: u32,
    within: Duration,
    source: Option<BoxError>,
}

impl RestartsExhausted {
    pub(crate) const fn new(budget: Budget, source: Option<BoxError>) -> Self {
        Self { child: None, restarts: budget.max, within: budget.within, source }
    }

    pub(crate) fn of_child(child: Arc<str>, budget: Budget, source: Option<BoxError>) -> Self {
        Self { child: Some(child), ..Self::new(budget, source) }
    }

    /// The child that ended last, of a supervisor.
    #[must_use]
    pub fn child(&self) -> Option<&str> {
        self.child.as_deref()
    }

    /// How many restarts there were.
    #[must_use]
    pub const fn restarts(&self) -> u32 {
        self.restarts
    }

    /// The time within which they were.
    #[must_use]
    pub const fn within(&self) -> Duration {
        self.within
    }
}

impl fmt::Display for RestartsExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { child, restarts, within, .. } = self;
        match child {
            Some(child) => {
                write!(f, "its child `{child}` ended after {restarts} restarts within {within:?}, its budget")
            }
            None => write!(f, "it ended after {restarts} restarts within {within:?}, its budget"),
        }
    }
}

impl StdError for RestartsExhausted {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A [`Restart`](crate::Restart) that could not be.
#[derive(Clone, Debug)]
pub struct InvalidRestart(());

impl InvalidRestart {
    pub(super) const fn no_window() -> Self {
        Self(())
    }
}

impl fmt::Display for InvalidRestart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("restarts within no time are never too many: give the budget a longer time")
    }
}

impl StdError for InvalidRestart {}
