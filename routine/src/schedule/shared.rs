//! What the driver of a schedule, its runs and its handles share.

use std::borrow::Cow;
use std::sync::Arc;
use std::task::Waker;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, Id};
use tokio::time::Instant;

use super::state::{Running, State, Step};
use super::timetable::Now;
use super::wall::WallClock;
use crate::outcome::Outcome;
use crate::registry::Slot;
use crate::sync::{AtomicU32, Mutex, MutexGuard, lock};

pub(super) struct Shared {
    pub(super) name: Cow<'static, str>,
    pub(super) clock: Arc<dyn WallClock>,
    /// The phase of the shutdown in which it stops: that of whoever made it.
    pub(super) phase: u8,
    /// Where it stands in the list of all.
    pub(super) place: AtomicU32,
    state: Mutex<State>,
    /// Told whenever a run has ended.
    ended: Notify,
}

impl Shared {
    pub(super) fn new(name: Cow<'static, str>, clock: Arc<dyn WallClock>, phase: u8, state: State) -> Self {
        Self { name, clock, phase, place: AtomicU32::new(u32::MAX), state: Mutex::new(state), ended: Notify::new() }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn step(&self, now: &Now) -> Step {
        self.state().step(now)
    }

    /// No run begins any more, and the driver ends.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.end();
        // Not left there: it keeps the memory of the driver's task.
        let driver = state.take_driver();
        drop(state);
        wake(driver);
    }

    /// A run has its routine.
    pub(super) fn began(&self, number: u64, slot: &'static Slot, id: u64) {
        let mut state = self.state();
        let Some(run) = state.run_mut(number) else { return };
        run.routine = Some((slot, id));
        let is_asked = run.is_asked;
        drop(state);
        if is_asked {
            ask(slot, id);
        }
    }

    /// A run has its task.
    pub(super) fn spawned(&self, number: u64, task: AbortHandle) {
        let mut state = self.state();
        // It may have ended by now.
        let Some(run) = state.run_mut(number) else { return };
        if run.is_aborted {
            drop(state);
            task.abort();
        } else {
            run.task = Some(task);
        }
    }

    /// A run has called the closure, or never will.
    pub(super) fn give_back(&self, number: u64) {
        let driver = self.state().give_back(number, tokio::task::try_id());
        wake(driver);
    }

    /// A run has ended, and nothing of it is left.
    pub(super) fn ended(&self, number: u64, outcome: Outcome) {
        let now = Instant::now();
        let driver = self.state().ended(number, outcome, now);
        wake(driver);
        self.ended.notify_waiters();
    }

    /// Asks the runs that are going on to stop, but for the one that is that task.
    pub(super) fn ask_all(&self, but: Option<Id>) {
        let mut state = self.state();
        let others = state.running.iter_mut().filter(|run| !run.is_task(but));
        let routines: Vec<_> = others
            .filter_map(|run| {
                run.is_asked = true;
                run.routine
            })
            .collect();
        drop(state);
        for (slot, id) in routines {
            ask(slot, id);
        }
    }

    /// Aborts the runs that are going on, but for the one that is that task.
    pub(super) fn abort_all(&self, but: Option<Id>) {
        let mut state = self.state();
        let others = state.running.iter_mut().filter(|run| !run.is_task(but));
        let tasks: Vec<_> = others.filter_map(Running::abort).collect();
        drop(state);
        for task in tasks {
            task.abort();
        }
    }

    /// Whether no run is going on, but for the one that is that task.
    pub(super) fn is_idle(&self, but: Option<Id>) -> bool {
        self.state().running.iter().all(|run| run.is_task(but))
    }

    /// Waits for that.
    pub(super) async fn idle(&self, but: Option<Id>) {
        loop {
            // What is told from here on is heard; what was told before is seen.
            let ended = self.ended.notified();
            if self.is_idle(but) {
                return;
            }
            ended.await;
        }
    }
}

pub(super) fn wake(driver: Option<Waker>) {
    driver.into_iter().for_each(Waker::wake);
}

/// Asks a routine to stop, if it is still the one that the slot belongs to.
fn ask(slot: &'static Slot, id: u64) {
    if let Some(token) = slot.cancel(id) {
        token.cancel();
    }
}
