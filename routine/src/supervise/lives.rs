//! How a child is started and stopped, and what follows from its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use super::child::{Active, Starter, State, Why};
use super::engine::{Ended, Engine, Verdict, after};
use super::error::ChildError;
use super::message::{Message, answer};
use super::plan::{Aim, Plan};
use super::spec::Run;
use super::table::{ChildState, Overdue};
use super::{Key, Strategy};
use crate::current;
use crate::error::Error;
use crate::id::RoutineId;
use crate::outcome::Outcome;
use crate::panic;
use crate::report::{self, Again, Cause};

impl Engine {
    /// Starts a child that does not run.
    pub(super) fn begin(&mut self, key: Key) {
        let (sender, says_started) = (self.sender.clone(), Arc::new(AtomicBool::new(false)));
        let Some(member) = self.children.get(&key) else { return };
        let told = Arc::clone(&says_started);
        let run = Run::new(&member.spec, move || {
            told.store(true, Ordering::Release);
            if let Some(id) = current::slot().and_then(|slot| RoutineId::from_raw(slot.segment())) {
                // The supervisor may have ended.
                let _ = sender.send(Message::Started(key, id));
            }
        });
        let started = self.members().start(member.spec.start(), run);
        let handle = started.unwrap_or_else(|error| unreachable!("a supervisor runs on a runtime: {error}"));
        self.running.insert(handle.id().get(), key);
        if let Some(member) = self.children.get_mut(&key) {
            let began = Instant::now();
            member.state = State::Active(Active { handle, began, says_started, started: false, stopping: None });
        }
        self.show(key, ChildState::Starting);
    }

    /// Tells whoever waits for the start of a child.
    pub(super) fn has_started(&mut self, key: Key) {
        let Some(member) = self.children.get_mut(&key) else { return };
        let Some(id) = member.active().map(|active| active.handle.id()) else { return };
        if let Some(starter) = member.starter.take() {
            starter.answer(Ok(id));
        }
        self.show(key, ChildState::Running);
    }

    /// Stops a child because of the plan.
    pub(super) fn stop(&mut self, key: Key, aim: Aim) {
        let why = if aim == Aim::End { Why::Terminated } else { Why::Siblings };
        let Some(member) = self.children.get_mut(&key) else { return };
        match member.state {
            State::Active(ref active) if active.stopping.is_some() => {}
            State::Active(_) => self.ask(key, why),
            State::Delayed { until } => {
                member.state = State::Idle;
                self.timers.remove(&(until, key));
                self.show(key, ChildState::Terminated);
            }
            State::Idle => {
                // Unless somebody has stopped it meanwhile.
                if aim == Aim::Restart && self.plan.as_ref().is_some_and(|plan| plan.will_start(key)) {
                    self.show(key, ChildState::Restarting);
                }
            }
        }
    }

    /// Asks a child that runs to stop.
    pub(super) fn ask(&mut self, key: Key, why: Why) {
        let Some(member) = self.children.get_mut(&key) else { return };
        let until = member.ask(why);
        // One that is run again with its siblings starts then.
        if why != Why::Siblings || member.is_temporary() {
            member.give_up_start();
        }
        if let Some(until) = until {
            self.timers.insert((until, key));
        }
        self.show(key, ChildState::Stopping);
    }

    /// Aborts a child whose grace is over.
    pub(super) fn abort(&mut self, key: Key) {
        let Some(member) = self.children.get_mut(&key) else { return };
        if let State::Active(Active { stopping: Some(stopping), .. }) = &mut member.state {
            stopping.until = None;
        }
        let Some(active) = member.active() else { return };
        active.handle.abort();
        let (subject, id) = (member.subject(&active.handle), active.handle.id());
        let (name, grace) = (member.name(), member.spec.grace);
        if self.is_ending() {
            self.table.note_overdue(Overdue { name, id });
        }
        report::report_again(&subject, &Cause::TimedOut(Some(grace)), Again::Stop);
    }

    /// Decides what follows from the end of a run.
    pub(super) fn ended(&mut self, key: Key, ended: Ended) {
        let Some(member) = self.children.get_mut(&key) else { return };
        if let Some(stopping) = ended.stopping {
            ended.report();
            member.stoppers.drain(..).for_each(|stopper| answer(stopper, Ok(())));
            if stopping.why == Why::Removed || member.is_temporary() {
                self.forget(key);
            } else {
                let siblings = stopping.why == Why::Siblings;
                self.show(key, if siblings { ChildState::Restarting } else { ChildState::Terminated });
            }
            return;
        }
        if let (false, Some(starter)) = (ended.started, member.starter.take()) {
            self.did_not_start(key, starter, ended);
            return;
        }
        let stops = self.plan.as_ref().is_some_and(|plan| plan.is_about_to_stop(key));
        let first = self.on_started.is_some() && !member.has_started_once && !stops;
        if first && (ended.result.is_err() || member.spec.kind.restarts(false)) {
            let name = member.name();
            self.give_up(key, &ended);
            self.end(Verdict::NotStarted(name, ended.into_error()));
            return;
        }
        let failed = ended.result.is_err();
        if member.spec.kind.restarts(failed) && !stops {
            self.restart(key, ended);
            return;
        }
        ended.report();
        if member.is_temporary() {
            self.forget(key);
        } else if stops && !self.is_ending() {
            self.show(key, ChildState::Restarting);
        } else {
            self.show(key, if failed { ChildState::Failed } else { ChildState::Completed });
        }
    }

    /// Tells whoever waits for a child that it did not start; the error is theirs.
    fn did_not_start(&mut self, key: Key, starter: Starter, ended: Ended) {
        let Some(member) = self.children.get(&key) else { return };
        let (name, temporary) = (member.name(), member.is_temporary());
        let failed = ended.result.is_err();
        let added = matches!(starter, Starter::Add(_));
        // Before the answer, so that whoever gets it may try again.
        if added || temporary {
            self.forget(key);
        } else {
            self.show(key, if failed { ChildState::Failed } else { ChildState::Completed });
        }
        starter.answer(Err(ChildError::not_started(name, ended.into_error())));
    }

    /// Restarts a child that has ended, and with it whom the strategy says.
    fn restart(&mut self, key: Key, ended: Ended) {
        let Some(member) = self.children.get_mut(&key) else { return };
        let now = Instant::now();
        if !self.window.admit(now) {
            let name = member.name();
            self.give_up(key, &ended);
            self.end(Verdict::Exhausted(name, ended.result.err()));
            return;
        }
        member.streak = self.window.streak(member.streak, ended.began, now);
        let backoff = member.spec.backoff.as_ref().unwrap_or(&self.backoff);
        let delay = match panic::contain(|| backoff.delay(member.streak)) {
            Ok(delay) => delay,
            Err(payload) => {
                self.give_up(key, &ended);
                self.end(Verdict::Panicked(payload));
                return;
            }
        };
        member.restarts += 1;
        let number = member.restarts;
        ended.tell(Again::Restart { number, next: Some(delay) });
        let until = after(delay);
        match self.strategy {
            Strategy::OneForOne => {
                member.state = State::Delayed { until };
                self.timers.insert((until, key));
            }
            Strategy::OneForAll => self.follow(Plan::restart(self.children.keys().copied().collect(), until)),
            Strategy::RestForOne => {
                self.follow(Plan::restart(self.children.range(key..).map(|(key, _)| *key).collect(), until));
            }
        }
        self.table.set_restarts(key, number);
        self.show(key, ChildState::Restarting);
    }

    /// Tells of the end of a child over which the supervisor ends.
    fn give_up(&self, key: Key, ended: &Ended) {
        let number = self.children.get(&key).map_or(0, |member| member.restarts);
        ended.tell(Again::Restart { number, next: None });
        self.show(key, ChildState::Failed);
    }

    /// Forgets a child that does not run.
    pub(super) fn forget(&mut self, key: Key) {
        if let Some(member) = self.children.remove(&key) {
            self.keys.remove(&member.spec.name);
            self.table.remove(key);
        }
    }
}

impl Ended {
    /// Makes the record of a failure that nothing follows from.
    fn report(&self) {
        if let Err(error) = &self.result {
            error.report();
        }
    }

    /// Makes the record of an end that was not to be.
    fn tell(&self, again: Again) {
        match &self.result {
            Ok(()) => report::report_again(&self.subject, &Cause::Ended(Outcome::Completed), again),
            Err(error) => error.report_again(&self.subject.name, again),
        }
    }

    fn into_error(self) -> Error {
        match self.result {
            Ok(()) => Error::never_started(self.subject),
            Err(error) => error,
        }
    }
}
