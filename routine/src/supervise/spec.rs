//! What a child of a supervisor is made of.

use std::any::type_name;
use std::fmt::{self, Display};
use std::future::Future;
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::sync::oneshot;

use super::Supervisor;
use super::error::InvalidSupervisor;
use crate::backoff::Backoff;
use crate::group::Ready;
use crate::outcome::{Failed, IntoOutcome};
use crate::panic;
use crate::policy::Policy;
use crate::restart::RestartKind;
use crate::start::{SpanMode, Start};
use crate::text;

/// The time between being asked to stop and the abort, where nobody says another. As in Erlang/OTP.
const GRACE: Duration = Duration::from_secs(5);

/// A child of a [`Supervisor`]: its name, what it runs, when it is restarted, and how long it has to stop.
///
/// Each run is a routine of its own, under the child's name, in the supervisor's trace, with a root span that follows from the
/// supervisor's. The closure is called at the beginning of each, inside the routine.
#[must_use = "a child does nothing until it is given to a supervisor"]
pub struct ChildSpec {
    pub(super) name: Arc<str>,
    pub(super) kind: RestartKind,
    pub(super) grace: Duration,
    pub(super) backoff: Option<Backoff>,
    factory: Factory,
    /// Whether it says when it has started.
    says_ready: bool,
    options: Options,
}

/// What its routine is started with.
#[derive(Clone)]
struct Options {
    type_name: fn() -> &'static str,
    place: &'static Location<'static>,
    policy: Policy,
    fields: Vec<(&'static str, String)>,
}

type Body = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send>>;
type Make = dyn FnMut(Ready<()>) -> Body + Send;

/// Makes the body of each run. The run takes it out, uses it and puts it back, so that no code of a user runs under the lock; there is
/// one run at a time.
#[derive(Clone)]
pub(super) struct Factory(Arc<Mutex<Made>>);

/// A user's, so its drop may panic.
struct Made(Option<Box<Make>>);

impl ChildSpec {
    /// A child that has started once its closure has returned. It is permanent, and has 5 s to stop.
    #[track_caller]
    pub fn new<F, Fut>(name: impl Into<Arc<str>>, mut work: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome> + Send + 'static,
    {
        Self::made(name.into(), type_name::<F>, false, Box::new(move |_| Box::pin(Settling { body: work() })))
    }

    /// A child that says when it has started: those after it, and whoever waits for its start, wait for
    /// [`Ready::started`]. One that ends before that has failed to start. One that drops its [`Ready`] and runs on is waited for. Until
    /// it has said so it must not wait for the start of a sibling, as [`add_child`](super::SupervisorHandle::add_child) does: that
    /// sibling may have to wait for it.
    #[track_caller]
    pub fn with_ready<F, Fut>(name: impl Into<Arc<str>>, mut work: F) -> Self
    where
        F: FnMut(Ready<()>) -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome> + Send + 'static,
    {
        Self::made(name.into(), type_name::<F>, true, Box::new(move |ready| Box::pin(Settling { body: work(ready) })))
    }

    /// A child that is a supervisor itself. It is made anew for each start, with the children that it is given there; those that
    /// were added later are gone. It has started when its children have, and has as long to stop as they take.
    ///
    /// If its restarts are used up it fails, and its own supervisor decides what comes next. With a [`grace`](Self::grace) that ends
    /// it is aborted after it, and its children with it; nobody waits for those, so that its next start may begin while they are still
    /// dropped on other threads.
    #[track_caller]
    pub fn supervisor<F>(name: impl Into<Arc<str>>, mut make: F) -> Self
    where
        F: FnMut() -> Result<Supervisor, InvalidSupervisor> + Send + 'static,
    {
        let make: Box<Make> = Box::new(move |ready| match make() {
            Ok(supervisor) => Box::pin(supervisor.supervise(ready.into_starter())),
            Err(invalid) => Box::pin(async { Err(Failed::new(invalid)) }),
        });
        Self::made(name.into(), type_name::<F>, true, make).grace(Duration::MAX)
    }

    #[track_caller]
    fn made(name: Arc<str>, type_name: fn() -> &'static str, says_ready: bool, make: Box<Make>) -> Self {
        let options = Options { type_name, place: Location::caller(), policy: Policy::Log, fields: Vec::new() };
        Self {
            name,
            kind: RestartKind::Permanent,
            grace: GRACE,
            backoff: None,
            factory: Factory(Arc::new(Mutex::new(Made(Some(make))))),
            says_ready,
            options,
        }
    }

    /// After which endings it is restarted.
    ///
    /// A temporary child never is, and is forgotten when it has ended, also where a sibling's restart ended it.
    pub const fn restart(mut self, kind: RestartKind) -> Self {
        self.kind = kind;
        self
    }

    /// How long it has to stop once it was asked to, which fires [`cancelled`](crate::cancelled) in it; then it is aborted. With zero it
    /// is aborted without being asked, with [`Duration::MAX`] never.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long to wait before it is restarted; without it, as long as its supervisor says.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Has the records of its panics carry their stacks, as [`Policy::Recover`](crate::Policy::Recover) does.
    pub const fn recover(mut self) -> Self {
        self.options.policy = Policy::Recover;
        self
    }

    /// Adds a field, as [`Builder::field`](crate::Builder::field) does.
    pub fn field(mut self, key: &'static str, value: impl Display) -> Self {
        self.options.fields.push((key, text::clean(&value, text::FIELD)));
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields of its routines.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        self.options.fields.clone()
    }

    /// What the routine of its next run is started with.
    pub(super) fn start(&self) -> Start {
        let Options { type_name, place, policy, ref fields } = self.options;
        let mut start = Start::noted(type_name, place, policy).name(self.name.to_string()).span(SpanMode::Follows);
        start.extra().fields.clone_from(fields);
        start
    }
}

pin_project! {
    /// A body that ends as any routine's of a supervisor does, whatever it gives. No `async` block, which would drop the body while
    /// a panic of its unwinds.
    struct Settling<F> {
        #[pin]
        body: F,
    }
}

impl<F: Future<Output: IntoOutcome>> Future for Settling<F> {
    type Output = Result<(), Failed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().body.poll(cx).map(|output| output.into_outcome().map(drop))
    }
}

impl Factory {
    fn take(&self) -> Option<Box<Make>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.take()
    }

    fn put_back(&self, make: Box<Make>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Some(make);
    }

    /// The body of a run.
    fn make(&self, ready: Ready<()>, keeps: bool) -> Body {
        let Some(mut make) = self.take() else { unreachable!("the run before has put it back") };
        let body = panic::contain(|| make(ready));
        if keeps {
            self.put_back(make);
        } else {
            panic::swallow(|| drop(make));
        }
        body.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let make = self.0.take();
        panic::swallow(|| drop(make));
    }
}

/// A run of a child, with whoever waits for its start.
pub(super) struct Run<S: FnOnce()> {
    factory: Factory,
    /// Whether there may be another run.
    keeps: bool,
    says_ready: bool,
    body: Option<Body>,
    is_ready: Option<oneshot::Receiver<()>>,
    on_started: Option<S>,
}

impl<S: FnOnce()> Run<S> {
    pub(super) fn new(spec: &ChildSpec, on_started: S) -> Self {
        let keeps = spec.kind != RestartKind::Temporary;
        let factory = spec.factory.clone();
        Self { factory, keeps, says_ready: spec.says_ready, body: None, is_ready: None, on_started: Some(on_started) }
    }

    fn begin(&mut self) -> Body {
        let (starter, is_ready) = oneshot::channel();
        // Before the closure, which may say so itself, and panic then.
        self.is_ready = self.says_ready.then_some(is_ready);
        let body = self.factory.make(Ready::new(starter), self.keeps);
        if !self.says_ready {
            self.has_started();
        }
        body
    }

    fn has_started(&mut self) {
        if let Some(on_started) = self.on_started.take() {
            on_started();
        }
    }
}

impl<S: FnOnce() + Unpin> Future for Run<S> {
    type Output = Result<(), Failed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let run = &mut *self;
        if run.body.is_none() {
            run.body = Some(run.begin());
        }
        let polled = run.body.as_mut().map_or(Poll::Pending, |body| body.as_mut().poll(cx));
        match run.is_ready.as_mut().map(|is_ready| Pin::new(is_ready).poll(cx)) {
            None | Some(Poll::Pending) => {}
            Some(Poll::Ready(ready)) => {
                run.is_ready = None;
                if ready.is_ok() {
                    run.has_started();
                }
            }
        }
        polled
    }
}

/// A panic comes here before what the body said in the same turn was heard.
impl<S: FnOnce()> Drop for Run<S> {
    fn drop(&mut self) {
        if self.is_ready.take().is_some_and(|mut is_ready| is_ready.try_recv().is_ok()) {
            self.has_started();
        }
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("grace", &self.grace)
            .finish_non_exhaustive()
    }
}
