//! What became of the routines when the process shut down.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::id::RoutineId;
use crate::inspect::{Age, Routine, RoutineState};
use crate::stats::Stats;
use crate::text;

/// Routines that are named, at most.
pub(super) const NAMED: usize = 64;

/// What became of the routines when the process shut down. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ShutdownReport(pub(super) Arc<Told>);

#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) took: Duration,
    /// What ended meanwhile.
    pub(super) ended: Stats,
    pub(super) stragglers: Vec<Straggler>,
    /// How many did not stop, those that are not named included.
    pub(super) did_not_stop: usize,
    /// How many of those did not end either.
    pub(super) left: usize,
}

/// A routine that had not stopped when its time was over.
#[derive(Clone, Debug)]
pub struct Straggler {
    id: RoutineId,
    name: Cow<'static, str>,
    age: Duration,
    state: RoutineState,
    spawned_at: (&'static str, u32),
    waits_at: Option<(&'static str, u32)>,
    is_blocking: bool,
    pub(super) has_ended: bool,
}

impl ShutdownReport {
    /// Whether every routine stopped when it was asked.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.0.did_not_stop == 0
    }

    /// Whether nothing is left that could hold up the end of the process: what did not stop was ended at an await.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.left == 0
    }

    /// How long it took.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.0.took
    }

    /// What was counted meanwhile: what ended and how, and as `rejected` what was refused. `live` is what was there at the end,
    /// whoever waited for the shutdown included.
    #[must_use]
    pub fn ended(&self) -> &Stats {
        &self.0.ended
    }

    /// The routines that had not stopped when their time was over, about the oldest first, at most 64.
    #[must_use]
    pub fn stragglers(&self) -> &[Straggler] {
        &self.0.stragglers
    }

    /// How many routines had not stopped when their time was over.
    #[must_use]
    pub fn did_not_stop(&self) -> usize {
        self.0.did_not_stop
    }

    /// How many of those were not to be ended either: blocking work, and what never comes to an await.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.left
    }
}

impl Straggler {
    pub(super) fn of(routine: &Routine<'_>) -> Self {
        Self {
            id: routine.id(),
            name: Cow::Owned(routine.name().to_owned()),
            age: routine.age(),
            state: routine.state(),
            spawned_at: routine.spawned_at(),
            waits_at: routine.waits_at(),
            is_blocking: routine.is_blocking(),
            has_ended: false,
        }
    }

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

    /// The time since it was started.
    #[must_use]
    pub const fn age(&self) -> Duration {
        self.age
    }

    /// What it was doing.
    #[must_use]
    pub const fn state(&self) -> RoutineState {
        self.state
    }

    /// The file and line that started it.
    #[must_use]
    pub const fn spawned_at(&self) -> (&'static str, u32) {
        self.spawned_at
    }

    /// The file and line that it waited at, or was past, where it was started by a macro.
    #[must_use]
    pub const fn waits_at(&self) -> Option<(&'static str, u32)> {
        self.waits_at
    }

    /// Whether it ran on a thread of the blocking pool.
    #[must_use]
    pub const fn is_blocking(&self) -> bool {
        self.is_blocking
    }

    /// Whether it was ended at an await then; one that was not is still there.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` #{} {}", text::clean(&self.name, text::NAME), self.id, self.state)?;
        if self.is_blocking {
            f.write_str(" on a blocking thread")?;
        }
        write!(f, " {}", Age(self.age))?;
        if let Some((file, line)) = self.waits_at {
            write!(f, " at {file}:{line}")?;
        }
        let (file, line) = self.spawned_at;
        write!(f, ", spawned at {file}:{line}")?;
        f.write_str(if self.has_ended { ", aborted" } else { ", still there" })
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { took, ended, stragglers, did_not_stop, .. } = &*self.0;
        write!(f, "shut down in {took:.1?}: {} ended", ended.ended())?;
        if ended.rejected > 0 {
            write!(f, ", {} refused", ended.rejected)?;
        }
        if *did_not_stop == 0 {
            return Ok(());
        }
        write!(f, ", {did_not_stop} did not stop")?;
        for (place, straggler) in stragglers.iter().enumerate() {
            write!(f, "{}{straggler}", if place == 0 { ": " } else { "; " })?;
        }
        match did_not_stop - stragglers.len() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// So that `main` may return it as its error.
impl StdError for ShutdownReport {}
