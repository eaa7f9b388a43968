//! What a group is made with.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::scope::Scope;
use super::shared::Waits;
use super::{Group, GroupError};
use crate::outcome::IntoOutcome;

/// A group with options, made by [`Group::builder`].
#[must_use = "a builder makes no group until `build` or `scope` is called"]
#[derive(Clone, Debug, Default)]
pub struct GroupBuilder {
    limit: Option<usize>,
    grace: Option<Duration>,
    deadline: Option<Duration>,
}

impl GroupBuilder {
    /// Members that run at once, at most; those that start while as many run wait for their turn, in their order, and are
    /// [`Queued`](crate::RoutineState::Queued) meanwhile. Without a limit all run at once.
    pub const fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The time that members have between being asked to stop, which fires [`cancelled`](crate::cancelled), and their end at
    /// their next await. None unless this says otherwise: they are asked, and end.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// The time that the whole group has, on tokio's clock, from the moment it is made. Members that have not ended by then
    /// do so at their next await, after the grace, with the outcome [`TimedOut`](crate::Outcome::TimedOut). What members start
    /// further down inherits it, see [`deadline`](crate::deadline).
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Makes the group.
    ///
    /// # Errors
    /// With a limit of 0, under which nothing would ever run.
    pub fn build<T>(self) -> Result<Group<T>, InvalidGroup> {
        Ok(Group::of(self.make(Waits::Each)?))
    }

    /// [`group`](super::group) with these options.
    ///
    /// # Errors
    /// As [`group`](super::group).
    ///
    /// # Panics
    /// With a limit of 0. A panic of the body goes on, once all members have ended.
    pub async fn scope<F, R>(self, body: F) -> Result<R::Value, GroupError>
    where
        F: AsyncFnOnce(Scope) -> R,
        R: IntoOutcome,
    {
        match self.make(Waits::All) {
            Ok(scope) => scope.run(body).await,
            Err(error) => panic!("{error}"),
        }
    }

    fn make(self, waits: Waits) -> Result<Scope, InvalidGroup> {
        if self.limit == Some(0) {
            return Err(InvalidGroup(()));
        }
        // A deadline that no clock reaches is none.
        let deadline = self.deadline.and_then(|after| Instant::now().checked_add(after));
        Ok(Scope::new(self.limit.unwrap_or(usize::MAX), self.grace, deadline, waits))
    }
}

/// A group that could not be.
pub struct InvalidGroup(());

impl fmt::Display for InvalidGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a group with a limit of 0 would never run anything; leave the limit out for none")
    }
}

impl fmt::Debug for InvalidGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvalidGroup(limit: 0)")
    }
}

impl StdError for InvalidGroup {}
