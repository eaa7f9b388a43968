//! A child as its supervisor keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::error::{ChildError, ChildErrorKind};
use super::message::{Reply, answer};
use super::spec::ChildSpec;
use crate::current;
use crate::handle::Handle;
use crate::id::RoutineId;
use crate::report::{self, Subject};
use crate::restart::RestartKind;

pub(super) struct Member {
    pub(super) spec: ChildSpec,
    pub(super) state: State,
    /// Failures that followed one another closely, for the back-off.
    pub(super) streak: u32,
    pub(super) restarts: u64,
    /// Whether one of its runs has started.
    pub(super) has_started_once: bool,
    /// Who waits for it to start.
    pub(super) starter: Option<Starter>,
    /// Who waits for it to stop.
    pub(super) stoppers: Vec<Reply<()>>,
}

pub(super) enum State {
    /// It does not run.
    Idle,
    /// It waits for the end of its back-off.
    Delayed {
        until: Instant,
    },
    Active(Active),
}

/// A run of a child.
pub(super) struct Active {
    pub(super) handle: Handle<()>,
    pub(super) began: Instant,
    /// Set by the run itself: its message that it has started may come after its end.
    pub(super) says_started: Arc<AtomicBool>,
    pub(super) started: bool,
    pub(super) stopping: Option<Stopping>,
}

/// A run that is to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    /// When it is aborted.
    pub(super) until: Option<Instant>,
    pub(super) why: Why,
}

/// Why a run is to end, and so what becomes of the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is run again with its siblings.
    Siblings,
    /// Somebody, or the end of the supervisor, stops it.
    Terminated,
    /// Somebody wants it gone.
    Removed,
}

/// Whoever waits for a child to start.
pub(super) enum Starter {
    /// It is added; the child is forgotten if it does not start.
    Add(Reply<RoutineId>),
    /// It is started again by hand.
    Restart(Reply<RoutineId>),
}

impl Starter {
    pub(super) fn answer(self, result: Result<RoutineId, ChildError>) {
        match self {
            Self::Add(reply) | Self::Restart(reply) => answer(reply, result),
        }
    }
}

impl Member {
    pub(super) const fn new(spec: ChildSpec) -> Self {
        let stoppers = Vec::new();
        Self { spec, state: State::Idle, streak: 0, restarts: 0, has_started_once: false, starter: None, stoppers }
    }

    pub(super) fn name(&self) -> Arc<str> {
        Arc::clone(&self.spec.name)
    }

    /// Whom the supervisor's own records about one of its runs are about. What the run inherited, the supervisor has, too.
    pub(super) fn subject(&self, run: &Handle<()>) -> Subject {
        let slot = current::slot();
        let parent = slot.and_then(|slot| RoutineId::from_raw(slot.routine()));
        let inherited = slot.and_then(|slot| slot.with_cold(|cold| report::fields(None, Some(cold))));
        let mut fields = self.spec.fields();
        fields.extend(inherited.into_iter().flatten());
        Subject { name: self.spec.name.to_string().into(), parent, fields, ..run.subject() }
    }

    pub(super) const fn is_temporary(&self) -> bool {
        matches!(self.spec.kind, RestartKind::Temporary)
    }

    pub(super) const fn active(&self) -> Option<&Active> {
        match &self.state {
            State::Active(active) => Some(active),
            _ => None,
        }
    }

    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Its run, where it was not asked to stop.
    pub(super) fn running(&self) -> Option<&Active> {
        self.active().filter(|active| active.stopping.is_none())
    }

    /// Whether it runs, and has not said yet that it has started.
    pub(super) fn is_starting(&self) -> bool {
        self.running().is_some_and(|active| !active.started)
    }

    /// Notes that its run has started, if that has ended before its message came.
    pub(super) fn set_started_if_it_was(&mut self) -> bool {
        let says = self.active().is_some_and(|active| !active.started && active.says_started.load(Ordering::Acquire));
        says && self.set_started()
    }

    /// Notes that its run says that it has started, unless it is to stop.
    pub(super) fn set_started(&mut self) -> bool {
        match &mut self.state {
            State::Active(active) if active.stopping.is_none() => {
                active.started = true;
                self.has_started_once = true;
                true
            }
            _ => false,
        }
    }

    /// Asks its run to stop, and says when it is to be aborted. One without a grace is aborted now.
    pub(super) fn ask(&mut self, why: Why) -> Option<Instant> {
        let grace = self.spec.grace;
        let State::Active(active) = &mut self.state else { return None };
        let mut until = None;
        if grace == Duration::ZERO {
            active.handle.abort();
        } else {
            active.handle.cancel();
            // A time that no clock reaches is for ever.
            until = Instant::now().checked_add(grace);
        }
        active.stopping = Some(Stopping { until, why });
        until
    }

    /// Tells whoever waits for its start that there will be none.
    pub(super) fn give_up_start(&mut self) {
        if let Some(starter) = self.starter.take() {
            starter.answer(Err(ChildError::new(self.name(), ChildErrorKind::Terminated)));
        }
    }

    /// Whether a message about a start is about its present run.
    pub(super) fn is_run(&self, id: RoutineId) -> bool {
        self.active().is_some_and(|active| active.handle.id() == id)
    }
}
