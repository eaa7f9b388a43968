//! The supervisor's loop: what has ended, what somebody asks for, what is due.
//!
//! It never waits for one child alone, so that it answers, and stops, whatever its children do.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};

use super::child::{Member, State, Stopping};
use super::error::ChildNotStarted;
use super::message::Message;
use super::plan::{Aim, Plan};
use super::spec::ChildSpec;
use super::table::{ChildState, Table};
use super::{Key, Strategy};
use crate::backoff::Backoff;
use crate::cancel;
use crate::current;
use crate::error::Error;
use crate::group::Followed;
use crate::id::RoutineId;
use crate::outcome::{BoxError, Failed};
use crate::report::Subject;
use crate::restart::{RestartsExhausted, Window};

/// In the place of a child's key: the wait of the plan.
pub(super) const PLAN: Key = Key::MAX;
/// A wait that is longer than any clock can tell is one of a hundred years.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(super) struct Engine {
    pub(super) strategy: Strategy,
    pub(super) backoff: Backoff,
    pub(super) window: Window,
    /// In the order in which they start.
    pub(super) children: BTreeMap<Key, Member>,
    pub(super) keys: HashMap<Arc<str>, Key>,
    /// Those that run, by the numbers of their routines.
    pub(super) running: HashMap<u64, Key>,
    /// When back-offs and graces end.
    pub(super) timers: BTreeSet<(Instant, Key)>,
    timer: Option<Pin<Box<Sleep>>>,
    pub(super) plan: Option<Plan>,
    verdict: Option<Verdict>,
    pub(super) table: Arc<Table>,
    pub(super) sender: UnboundedSender<Message>,
    messages: UnboundedReceiver<Message>,
    /// Who waits for the first start of all, until that is done.
    pub(super) on_started: Option<oneshot::Sender<()>>,
    members: Option<Followed>,
    next_key: Key,
    /// The first of those that were added since the start.
    first_added: Key,
    /// Whether what ended is looked at before what is asked, which takes turns, so that neither is left out for long.
    ends_first: bool,
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) began: Instant,
    pub(super) started: bool,
    pub(super) stopping: Option<Stopping>,
    pub(super) subject: Subject,
    pub(super) result: Result<(), Error>,
}

/// Why a supervisor ends.
pub(super) enum Verdict {
    Stopped,
    /// One child ended more often than the budget allows.
    Exhausted(Arc<str>, Option<Error>),
    /// One child ended before it had started, in the first start of all.
    NotStarted(Arc<str>, Error),
    /// A back-off panicked.
    Panicked(Box<dyn Any + Send>),
}

enum Event {
    Asked,
    Ended(u64),
    Message(Message),
    Due,
}

impl Engine {
    pub(super) fn new(
        strategy: Strategy,
        backoff: Backoff,
        window: Window,
        table: Arc<Table>,
        (sender, messages): (UnboundedSender<Message>, UnboundedReceiver<Message>),
    ) -> Self {
        Self {
            strategy,
            backoff,
            window,
            children: BTreeMap::new(),
            keys: HashMap::new(),
            running: HashMap::new(),
            timers: BTreeSet::new(),
            timer: None,
            plan: None,
            verdict: None,
            table,
            sender,
            messages,
            on_started: None,
            members: None,
            next_key: 0,
            first_added: 0,
            ends_first: false,
        }
    }

    /// Takes a child in, after all others.
    pub(super) fn insert(&mut self, spec: ChildSpec) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        self.keys.insert(Arc::clone(&spec.name), key);
        self.table.insert(key, Arc::clone(&spec.name), spec.kind);
        self.children.insert(key, Member::new(spec));
        key
    }

    /// Starts the children, and looks after them until there is a reason to end.
    pub(super) async fn run(mut self, on_started: oneshot::Sender<()>) -> Result<(), Failed> {
        if let Some(id) = current::slot().and_then(|slot| RoutineId::from_raw(slot.routine())) {
            self.table.id.get_or_init(|| id);
        }
        self.on_started = Some(on_started);
        self.first_added = self.next_key;
        // Here, so that children inherit what the routine has that runs this.
        self.members = Some(Followed::new());
        self.plan = Some(Plan::start(self.children.keys().copied()));
        let mut asked = pin!(cancel::cancelled());
        loop {
            self.advance();
            if let Some(verdict) = self.over() {
                return verdict.result(&self.window);
            }
            match poll_fn(|cx| self.poll_event(asked.as_mut(), cx)).await {
                Event::Asked => self.end(Verdict::Stopped),
                Event::Ended(id) => self.take_end(id).await,
                Event::Message(message) => self.answer(message),
                Event::Due => self.due(),
            }
        }
    }

    fn poll_event(&mut self, asked: Pin<&mut impl Future<Output = ()>>, cx: &mut Context<'_>) -> Poll<Event> {
        // First, so that nothing is restarted that is to stop.
        if !self.is_ending() && asked.poll(cx).is_ready() {
            return Poll::Ready(Event::Asked);
        }
        self.ends_first = !self.ends_first;
        for ends in [self.ends_first, !self.ends_first] {
            if ends {
                if let Some(Poll::Ready(id)) = self.members.as_ref().map(|members| members.poll_ended(cx)) {
                    return Poll::Ready(Event::Ended(id));
                }
            } else if let Poll::Ready(Some(message)) = self.messages.poll_recv(cx) {
                return Poll::Ready(Event::Message(message));
            }
        }
        self.poll_timer(cx).map(|()| Event::Due)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(&(first, _)) = self.timers.first() else { return Poll::Pending };
        if first <= Instant::now() {
            return Poll::Ready(());
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(first)));
        if timer.deadline() != first {
            timer.as_mut().reset(first);
        }
        timer.as_mut().poll(cx)
    }

    /// Deals with the end of a run.
    async fn take_end(&mut self, id: u64) {
        let Some(key) = self.running.remove(&id) else { return };
        if self.children.get_mut(&key).is_some_and(Member::set_started_if_it_was) {
            self.has_started(key);
        }
        let Some(member) = self.children.get_mut(&key) else { return };
        let State::Active(mut active) = std::mem::replace(&mut member.state, State::Idle) else { return };
        let subject = member.subject(&active.handle);
        if let Some(until) = active.stopping.and_then(|stopping| stopping.until) {
            self.timers.remove(&(until, key));
        }
        let result = (&mut active.handle).await;
        let (began, started, stopping) = (active.began, active.started, active.stopping);
        self.ended(key, Ended { began, started, stopping, subject, result });
    }

    /// Goes on with the plan, as far as it goes without waiting.
    fn advance(&mut self) {
        while let Some(plan) = &mut self.plan {
            if let Some(key) = plan.stopping {
                if self.children.get(&key).is_some_and(|child| !child.is_idle()) {
                    return;
                }
                plan.stopping = None;
            }
            if let Some(key) = plan.next_to_stop() {
                let aim = plan.aim;
                plan.stopping = Some(key);
                self.stop(key, aim);
                continue;
            }
            if plan.aim == Aim::End {
                return;
            }
            if let Some(until) = plan.until {
                if until > Instant::now() {
                    self.timers.insert((until, PLAN));
                    return;
                }
                plan.until = None;
            }
            if let Some(key) = plan.starting {
                if self.children.get(&key).is_some_and(Member::is_starting) {
                    return;
                }
                plan.starting = None;
            }
            match plan.next_to_start() {
                Some(key) => {
                    plan.starting = Some(key);
                    if self.children.get(&key).is_some_and(Member::is_idle) {
                        self.begin(key);
                    }
                }
                None => {
                    self.plan = None;
                    if let Some(waits) = self.on_started.take() {
                        // Whoever started this may be gone.
                        let _ = waits.send(());
                    }
                }
            }
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.aim == Aim::End)
    }

    /// Begins to end, unless it does already.
    pub(super) fn end(&mut self, verdict: Verdict) {
        if !self.is_ending() {
            self.follow(Plan::end(self.children.keys().copied()));
            self.verdict = Some(verdict);
            // Those who wait for a start that is not to come are told now, by the loss of their replies.
            for member in self.children.values_mut().filter(|member| member.active().is_none()) {
                member.starter = None;
            }
            self.ask_crowd();
        }
    }

    /// Asks those at once to stop that depend on no other and come in crowds, whose graces would add up. The plan waits for each of
    /// them in its place.
    fn ask_crowd(&mut self) {
        if self.strategy == Strategy::OneForOne {
            let added = self.children.range(self.first_added..).rev();
            let crowd: Vec<_> = added.filter(|(_, child)| child.is_temporary()).map(|(key, _)| *key).collect();
            for key in crowd {
                self.stop(key, Aim::End);
            }
        }
    }

    /// Replaces the plan.
    pub(super) fn follow(&mut self, mut plan: Plan) {
        if let Some(old) = self.plan.take() {
            if let Some(until) = old.until {
                self.timers.remove(&(until, PLAN));
            }
            plan.take_over(&old);
        }
        self.plan = Some(plan);
    }

    /// The verdict, once all children have ended.
    fn over(&mut self) -> Option<Verdict> {
        self.is_ending().then_some(())?;
        if self.running.is_empty() { self.verdict.take() } else { None }
    }

    pub(super) fn members(&self) -> &Followed {
        self.members.as_ref().expect("it is there while the supervisor runs")
    }

    /// Sees to what is due.
    fn due(&mut self) {
        let now = Instant::now();
        while let Some(&(first, key)) = self.timers.first() {
            if first > now {
                return;
            }
            self.timers.pop_first();
            // That of a plan goes on by itself.
            let Some(member) = self.children.get_mut(&key) else { continue };
            match member.state {
                State::Delayed { .. } => {
                    member.state = State::Idle;
                    self.begin(key);
                }
                State::Active(_) => self.abort(key),
                State::Idle => {}
            }
        }
    }

    pub(super) fn show(&self, key: Key, state: ChildState) {
        let id = self.children.get(&key).and_then(Member::active).map(|active| active.handle.id());
        self.table.set(key, state, id);
    }
}

/// When a wait is over.
pub(super) fn after(delay: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(delay).unwrap_or(now + FAR)
}

impl Verdict {
    fn result(self, window: &Window) -> Result<(), Failed> {
        match self {
            Self::Stopped => Ok(()),
            Self::Exhausted(child, last) => {
                let source = last.map(BoxError::from);
                Err(Failed::new(RestartsExhausted::of_child(child, window.budget(), source)))
            }
            Self::NotStarted(child, source) => Err(Failed::new(ChildNotStarted { child, source })),
            Self::Panicked(payload) => resume_unwind(payload),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.table.clear();
    }
}
