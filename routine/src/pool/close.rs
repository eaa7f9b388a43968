//! The end of a pool.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use super::Pool;
use crate::id::RoutineId;
use crate::inspect::{self, RoutineState};

/// Jobs that are named, at most.
const NAMED: usize = 64;

impl Pool {
    /// Takes no more jobs, and waits until those that were taken have ended, also those of its shares. Whoever waits to submit
    /// one gets it back. Closing a closed pool waits, too.
    ///
    /// A paused pool is resumed, and so are its shares, or their jobs would wait for ever. To close a share does not resume the
    /// pool that it is of: while that is paused, the share's jobs wait, and so does this.
    ///
    /// Workers that have nothing left to do go. Inside a job of this pool this would wait for ever, since it waits for the job:
    /// do it in a routine of its own.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the pool closed; its jobs go on.
    pub async fn close(&self) {
        self.shared().refuse();
        self.shared().resume_all();
        self.shared().drained().await;
    }

    /// [`close`](Self::close), but not longer than `time`: then what waits is cancelled, what runs ends at its next await, and the
    /// error names both.
    ///
    /// # Errors
    /// With what was left.
    ///
    /// # Panics
    /// In a runtime without timers.
    ///
    /// # Cancel safety
    /// As [`close`](Self::close).
    pub async fn close_within(&self, time: Duration) -> Result<(), NotClosed> {
        let Err(_) = tokio::time::timeout(time, self.close()).await else { return Ok(()) };
        let (running, waiting) = self.shared().left();
        let names = inspect::snapshot();
        let row = |id: u64| {
            let id = RoutineId::from_raw(id)?;
            let routine = names.get(id)?;
            Some(Left { id, name: Cow::Owned(routine.name().to_owned()), state: routine.state() })
        };
        let left = running.iter().chain(&waiting).copied().filter_map(row).take(NAMED).collect();
        let error = NotClosed { left, running: running.len(), waiting: waiting.len() };
        // Also what is between two states, and in neither list.
        self.shared().kill();
        if error.running + error.waiting == 0 { Ok(()) } else { Err(error) }
    }
}

/// Why a pool was not closed in time: what was left of its jobs, which were then ended.
#[derive(Clone, Debug)]
pub struct NotClosed {
    left: Vec<Left>,
    running: usize,
    waiting: usize,
}

/// A job that was left when the time for closing a pool was over.
#[derive(Clone, Debug)]
pub struct Left {
    id: RoutineId,
    name: Cow<'static, str>,
    state: RoutineState,
}

impl NotClosed {
    /// The jobs by name, those that ran first, at most 64.
    #[must_use]
    pub fn left(&self) -> &[Left] {
        &self.left
    }

    /// Jobs that ran.
    #[must_use]
    pub const fn running(&self) -> usize {
        self.running
    }

    /// Jobs that waited.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.waiting
    }
}

impl Left {
    /// Its number.
    #[must_use]
    pub const fn id(&self) -> RoutineId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it was doing.
    #[must_use]
    pub const fn state(&self) -> RoutineState {
        self.state
    }
}

impl fmt::Display for NotClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pool was not drained in time: {} running and {} waiting", self.running, self.waiting)?;
        for (place, left) in self.left.iter().enumerate() {
            let before = if place == 0 { ": " } else { ", " };
            write!(f, "{before}`{}` #{}", left.name, left.id)?;
        }
        match self.running + self.waiting - self.left.len() {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

impl StdError for NotClosed {}
