//! What a supervisor does when it is asked to do something to a child.

use std::sync::Arc;

use super::Key;
use super::child::{Member, Starter, State, Why};
use super::engine::{Engine, Verdict};
use super::error::{ChildError, ChildErrorKind};
use super::message::{Message, Reply, answer};
use super::spec::ChildSpec;
use super::table::ChildState;
use crate::id::RoutineId;

impl Engine {
    pub(super) fn answer(&mut self, message: Message) {
        match message {
            Message::Add(spec, reply) => self.add(*spec, reply),
            Message::Restart(name, reply) => self.start_again(name, reply),
            Message::Terminate(name, reply) => self.terminate(name, Why::Terminated, reply),
            Message::Remove(name, reply) => self.terminate(name, Why::Removed, reply),
            Message::Stop => self.end(Verdict::Stopped),
            Message::Started(key, id) => {
                let child = self.children.get_mut(&key).filter(|child| child.is_run(id));
                if child.is_some_and(Member::set_started) {
                    self.has_started(key);
                }
            }
        }
    }

    fn add(&mut self, spec: ChildSpec, reply: Reply<RoutineId>) {
        let name = Arc::clone(&spec.name);
        if self.is_ending() {
            answer(reply, Err(ChildError::new(name, ChildErrorKind::SupervisorStopped)));
        } else if self.keys.contains_key(&name) {
            answer(reply, Err(ChildError::new(name, ChildErrorKind::NameTaken)));
        } else {
            let key = self.insert(spec);
            self.start_for(key, Starter::Add(reply));
        }
    }

    fn start_again(&mut self, name: Arc<str>, reply: Reply<RoutineId>) {
        match self.startable(&name) {
            Ok(key) => self.start_for(key, Starter::Restart(reply)),
            Err(kind) => answer(reply, Err(ChildError::new(name, kind))),
        }
    }

    fn startable(&self, name: &str) -> Result<Key, ChildErrorKind> {
        if self.is_ending() {
            return Err(ChildErrorKind::SupervisorStopped);
        }
        let key = *self.keys.get(name).ok_or(ChildErrorKind::NotFound)?;
        let planned = self.plan.as_ref().is_some_and(|plan| plan.will_start(key));
        match self.children.get(&key).map(|member| &member.state) {
            None => Err(ChildErrorKind::NotFound),
            Some(State::Active(_)) => Err(ChildErrorKind::Running),
            Some(State::Delayed { .. }) => Err(ChildErrorKind::Restarting),
            Some(State::Idle) if planned => Err(ChildErrorKind::Restarting),
            Some(State::Idle) => Ok(key),
        }
    }

    /// Starts a child that does not run for somebody who waits for it: now, or after those that a plan is about to start.
    fn start_for(&mut self, key: Key, starter: Starter) {
        if let Some(member) = self.children.get_mut(&key) {
            member.starter = Some(starter);
            member.streak = 0;
        }
        match &mut self.plan {
            Some(plan) => plan.start_too(key),
            None => self.begin(key),
        }
    }

    fn terminate(&mut self, name: Arc<str>, why: Why, reply: Reply<()>) {
        let Some(key) = self.keys.get(&name).copied() else {
            answer(reply, Err(ChildError::new(name, ChildErrorKind::NotFound)));
            return;
        };
        if let Some(plan) = &mut self.plan {
            plan.leave_out(key);
        }
        let Some(member) = self.children.get_mut(&key) else { return };
        match &mut member.state {
            State::Active(active) => {
                match &mut active.stopping {
                    // Who wants it gone has the last word.
                    Some(stopping) if stopping.why != Why::Removed => stopping.why = why,
                    Some(_) => {}
                    None => self.ask(key, why),
                }
                if let Some(member) = self.children.get_mut(&key) {
                    member.give_up_start();
                    member.stoppers.push(reply);
                }
                return;
            }
            State::Delayed { until } => {
                self.timers.remove(&(*until, key));
                member.state = State::Idle;
            }
            State::Idle => {}
        }
        member.give_up_start();
        if why == Why::Removed || member.is_temporary() {
            self.forget(key);
        } else {
            self.show(key, ChildState::Terminated);
        }
        answer(reply, Ok(()));
    }
}
