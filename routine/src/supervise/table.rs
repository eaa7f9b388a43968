//! What can be read of a supervisor's children while it works.
//!
//! One lock. The supervisor writes, anybody reads; no code of a user runs under it.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::Key;
use crate::id::RoutineId;
use crate::restart::RestartKind;

/// What a child of a supervisor is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildState {
    /// It waits for those before it, which start first.
    Pending,
    /// It runs, and has not said yet that it has started.
    Starting,
    /// It runs.
    Running,
    /// It waits for its restart: for the end of its back-off, or for its siblings to stop.
    Restarting,
    /// It was asked to stop, or was aborted since it did not.
    Stopping,
    /// It has returned, and is not restarted.
    Completed,
    /// It has failed, and is not restarted.
    Failed,
    /// It was stopped by hand.
    Terminated,
}

impl ChildState {
    /// The state in one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Terminated => "terminated",
        }
    }
}

impl fmt::Display for ChildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A child of a supervisor, as it was when it was looked at.
#[derive(Clone, Debug)]
pub struct Child {
    name: Arc<str>,
    kind: RestartKind,
    state: ChildState,
    restarts: u64,
    id: Option<RoutineId>,
}

impl Child {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// After which endings it is restarted.
    #[must_use]
    pub const fn kind(&self) -> RestartKind {
        self.kind
    }

    /// What it was doing.
    #[must_use]
    pub const fn state(&self) -> ChildState {
        self.state
    }

    /// How often it was restarted because it had ended. Restarts because of a sibling do not count.
    #[must_use]
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// The number of its routine, which is another after each restart; `None` where it has none.
    #[must_use]
    pub const fn id(&self) -> Option<RoutineId> {
        self.id
    }
}

/// A child that did not stop within its grace when its supervisor was stopped, and was aborted.
#[derive(Clone, Debug)]
pub struct Overdue {
    pub(super) name: Arc<str>,
    pub(super) id: RoutineId,
}

impl Overdue {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the routine.
    #[must_use]
    pub const fn id(&self) -> RoutineId {
        self.id
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    /// The supervisor's own number, once it runs.
    pub(super) id: OnceLock<RoutineId>,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    children: BTreeMap<Key, Child>,
    /// Of the supervisor's end, so that there are never more than children.
    overdue: Vec<Overdue>,
}

impl Table {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(&self, key: Key, name: Arc<str>, kind: RestartKind) {
        let child = Child { name, kind, state: ChildState::Pending, restarts: 0, id: None };
        self.rows().children.insert(key, child);
    }

    pub(super) fn set(&self, key: Key, state: ChildState, id: Option<RoutineId>) {
        if let Some(child) = self.rows().children.get_mut(&key) {
            (child.state, child.id) = (state, id);
        }
    }

    pub(super) fn set_restarts(&self, key: Key, restarts: u64) {
        if let Some(child) = self.rows().children.get_mut(&key) {
            child.restarts = restarts;
        }
    }

    pub(super) fn remove(&self, key: Key) {
        self.rows().children.remove(&key);
    }

    pub(super) fn note_overdue(&self, overdue: Overdue) {
        self.rows().overdue.push(overdue);
    }

    pub(super) fn clear(&self) {
        let children = mem::take(&mut self.rows().children);
        drop(children);
    }

    pub(super) fn children(&self) -> Vec<Child> {
        self.rows().children.values().cloned().collect()
    }

    pub(super) fn overdue(&self) -> Vec<Overdue> {
        self.rows().overdue.clone()
    }
}
