//! One run of a schedule: a routine of its own, which calls the schedule's closure itself.
//!
//! The closure is one, and a run takes it along, calls it inside its own routine, and gives it back at once. So a closure that
//! panics is that run's panic, with its name, its number and its trace; and nobody holds a lock while it is called. Until it is
//! back no other run begins, which is one poll of a task later.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tracing::Span;

use super::shared::Shared;
use crate::birth;
use crate::current;
use crate::error::Error;
use crate::outcome::{IntoOutcome, Outcome};
use crate::panic;
use crate::policy::Policy;
use crate::registry::{Cold, Extra, Flags, Slot, Timeout};
use crate::site;
use crate::spawn::hold;
use crate::start::{SpanMode, Start};
use crate::sync::{Mutex, lock};
use crate::task::{Fallible, Task};

/// What begins the runs of a schedule, whatever its closure is.
pub(super) trait Work: Send + 'static {
    /// Begins a run on the runtime that is current.
    fn launch(&self, number: u64);
}

/// What every run of a schedule starts with.
pub(super) struct Template {
    origin: u32,
    policy: Policy,
    flags: Flags,
    span: SpanMode,
    name: Option<Cow<'static, str>>,
    fields: Box<[(&'static str, String)]>,
    timeout: Option<Duration>,
    /// In a box, since few have it.
    graceful: Option<Box<Duration>>,
    heritage: Option<Arc<Cold>>,
    /// The span that was current where the schedule was made: its number alone, which keeps nothing open.
    follows: Option<tracing::Id>,
}

impl Template {
    /// Of the options of a start, which was written here.
    pub(super) fn new(start: &Start) -> Self {
        let origin = start.origin();
        let options = start.own.get();
        let name = options.and_then(|extra| extra.name.clone());
        let fields = options.map(|extra| extra.fields.clone().into_boxed_slice()).unwrap_or_default();
        let timeout = options.and_then(|extra| extra.timeout.as_ref()).map(|timeout| timeout.after);
        let graceful = options.and_then(|extra| extra.graceful).map(Box::new);
        let in_hook = current::slot().is_some_and(|slot| slot.meta().has(Flags::NO_HOOKS));
        let inherited = if in_hook { Flags::NO_HOOKS } else { Flags::NONE };
        let flags = start.flags.with(Flags::ON_RUNTIME).with(inherited);
        // A subscriber's code runs here.
        let follows = panic::contain(|| Span::current().id()).map_err(panic::drop_payload).ok().flatten();
        Self {
            origin,
            policy: start.policy,
            flags,
            span: start.span,
            name,
            fields,
            timeout,
            graceful,
            heritage: None,
            follows,
        }
    }

    /// What the schedule is called.
    pub(super) fn name(&self) -> Cow<'static, str> {
        self.name.clone().unwrap_or_else(|| Cow::Borrowed(site::origin(self.origin).name))
    }

    pub(super) fn inherit(&mut self, heritage: Arc<Cold>) {
        self.heritage = Some(heritage);
    }

    fn begin(&self, number: u64) -> &'static Slot {
        let mut fields = Vec::with_capacity(self.fields.len() + 1);
        fields.extend_from_slice(&self.fields);
        fields.push(("run", number.to_string()));
        let timeout = self.timeout.map(|after| Timeout { after, sleep: None });
        let extra = Extra {
            name: self.name.clone(),
            fields,
            timeout,
            graceful: self.graceful.as_deref().copied(),
            ..Extra::default()
        };
        let own = Some(Cold::own(None, extra));
        let heritage = self.heritage.clone();
        let slot = birth::begin_dressed(self.origin, self.policy, self.flags, self.span, own, heritage, None);
        if self.follows.is_some() && self.span == SpanMode::Follows && slot.meta().has(Flags::SPAN) {
            self.follow(slot);
        }
        slot
    }

    /// The span of a run follows from where its schedule was made, and not from what is current in the driver, which is none.
    fn follow(&self, slot: &'static Slot) {
        let span = slot.with_extra(|extra| extra.span.clone());
        // A subscriber's code runs here.
        panic::swallow(|| {
            if let Some(span) = span {
                span.follows_from(self.follows.clone());
            }
        });
    }
}

/// Where the closure of a schedule is while no run has it.
pub(super) struct Home<F> {
    closure: Mutex<Option<F>>,
    template: Template,
    shared: Arc<Shared>,
}

impl<F> Home<F> {
    pub(super) fn new(closure: F, template: Template, shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { closure: Mutex::new(Some(closure)), template, shared })
    }
}

impl<F> Drop for Home<F> {
    fn drop(&mut self) {
        // Whatever dropped the last that held it, a run maybe, has nothing to do with a panic of this.
        let closure = lock(&self.closure).take();
        panic::swallow(|| drop(closure));
    }
}

impl<F, Fut> Work for Arc<Home<F>>
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    fn launch(&self, number: u64) {
        let ticket = Ticket { shared: Arc::clone(&self.shared), number, has_ended: false };
        let loan = Loan { closure: lock(&self.closure).take(), home: Arc::clone(self), number };
        let slot = self.template.begin(number);
        self.shared.began(number, slot, slot.segment());
        let task = Task::<Fallible, _>::new(slot, hold(async move { loan.call().await }));
        let run = tokio::spawn(Run { routine: Some(task), ticket });
        self.shared.spawned(number, run.abort_handle());
    }
}

/// The closure, on its way through a run.
struct Loan<F> {
    closure: Option<F>,
    home: Arc<Home<F>>,
    number: u64,
}

impl<F> Loan<F> {
    fn call<Fut>(mut self) -> Fut
    where
        F: FnMut() -> Fut,
    {
        // A run begins only once the closure is back from the one before.
        let closure = self.closure.as_mut().expect("the closure of a schedule is with one run at a time");
        closure()
    }
}

impl<F> Drop for Loan<F> {
    // Also where the closure panicked, or the run ended before it called.
    fn drop(&mut self) {
        *lock(&self.home.closure) = self.closure.take();
        self.home.shared.give_back(self.number);
    }
}

pin_project! {
    /// The routine of a run, and what tells its schedule that it has ended.
    struct Run<R> {
        // Before the ticket: a run that is dropped has ended, and is counted, when its schedule hears of it.
        #[pin]
        routine: Option<R>,
        ticket: Ticket,
    }
}

impl<R, T> Future for Run<R>
where
    R: Future<Output = Result<T, Error>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(routine) = this.routine.as_mut().as_pin_mut() else { return Poll::Ready(()) };
        let result = ready!(routine.poll(cx));
        let outcome = match &result {
            Ok(_) => Outcome::Completed,
            Err(error) => error.outcome().unwrap_or(Outcome::Cancelled),
        };
        // Nobody asked for it, and it may be anything.
        panic::swallow(|| drop(result));
        this.routine.set(None);
        this.ticket.end(outcome);
        Poll::Ready(())
    }
}

/// Tells a schedule once that a run has ended.
struct Ticket {
    shared: Arc<Shared>,
    number: u64,
    has_ended: bool,
}

impl Ticket {
    fn end(&mut self, outcome: Outcome) {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.shared.ended(self.number, outcome);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled);
    }
}
