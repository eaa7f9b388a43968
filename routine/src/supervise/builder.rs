//! How a supervisor is made, and started.

use std::any::type_name;
use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Strategy;
use super::engine::Engine;
use super::error::InvalidSupervisor;
use super::handle::SupervisorHandle;
use super::spec::ChildSpec;
use super::table::Table;
use crate::backoff::Backoff;
use crate::cancel;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::Failed;
use crate::policy::Policy;
use crate::restart::{Budget, Window, default_backoff};
use crate::spawn;
use crate::start::Start;
use crate::task::Settled;

/// A supervisor with options, made by [`Supervisor::builder`].
#[must_use = "a builder makes no supervisor until `build` is called"]
#[derive(Debug)]
pub struct SupervisorBuilder {
    name: Arc<str>,
    strategy: Strategy,
    budget: Budget,
    backoff: Backoff,
    policy: Policy,
    children: Vec<ChildSpec>,
}

/// Routines that are looked after: restarted when they end, as a strategy says, and stopped in order.
///
/// See the [module](super) for what it does when. It is a routine itself once it is [started](Self::start), listed under its name;
/// its children are routines that it starts, in its trace.
///
/// ```
/// use std::time::Duration;
/// use routine::supervise::{ChildSpec, Strategy, Supervisor};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let supervisor = Supervisor::builder("shop")
///     .strategy(Strategy::RestForOne)
///     .budget(3, Duration::from_secs(30))
///     .child(ChildSpec::new("prices", || async {
///         routine::cancelled().await;
///     }))
///     .build()?
///     .start()
///     .await?;
/// assert_eq!(supervisor.children()[0].name(), "prices");
/// assert!(supervisor.stop().await.overdue().is_empty());
/// # Ok(())
/// # }
/// ```
#[must_use = "a supervisor does nothing until it is started"]
pub struct Supervisor {
    engine: Engine,
    handle: SupervisorHandle,
    /// To whoever waits for its end.
    routine: oneshot::Sender<Result<Handle<()>, Error>>,
    policy: Policy,
}

impl SupervisorBuilder {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            strategy: Strategy::OneForOne,
            budget: Budget::default(),
            backoff: default_backoff(),
            policy: Policy::Log,
            children: Vec::new(),
        }
    }

    /// Who is restarted when one child is. [`Strategy::OneForOne`] unless this says otherwise.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// At most so many restarts within any time of that length, of all children together, on tokio's clock; the restart of siblings
    /// is part of one. The one that would be too many ends the supervisor with [`RestartsExhausted`](crate::RestartsExhausted).
    /// 10 within two minutes unless this says otherwise, which lasts one child for [at least 40 s](crate::Restart). Children that fail
    /// together share it, so that five of them use it up within half a second. Allow more then, or give each a supervisor of its own.
    pub const fn budget(mut self, max: u32, within: Duration) -> Self {
        self.budget = Budget { max, within };
        self
    }

    /// How long to wait before a restart, where the child does not say so itself. The default is that of [`Restart`](crate::Restart);
    /// Erlang/OTP's is `Backoff::constant(Duration::ZERO)`.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// What a failure of the supervisor does, besides being reported. One that is another's child leaves that to the other.
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Adds a child after those that it has.
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// Makes the supervisor.
    ///
    /// # Errors
    /// With two children of one name, and with a budget whose time is zero.
    pub fn build(self) -> Result<Supervisor, InvalidSupervisor> {
        if self.budget.within.is_zero() {
            return Err(InvalidSupervisor::no_window());
        }
        let mut names = HashSet::new();
        if let Some(twice) = self.children.iter().find(|child| !names.insert(Arc::clone(&child.name))) {
            return Err(InvalidSupervisor::twice(Arc::clone(&twice.name)));
        }
        let (table, channel) = (Arc::new(Table::default()), mpsc::unbounded_channel());
        let (routine, coming) = oneshot::channel();
        let handle = SupervisorHandle::new(self.name, Arc::clone(&table), channel.0.clone(), coming);
        let window = Window::new(self.budget);
        let mut engine = Engine::new(self.strategy, self.backoff, window, table, channel);
        for child in self.children {
            engine.insert(child);
        }
        Ok(Supervisor { engine, handle, routine, policy: self.policy })
    }
}

impl Supervisor {
    /// A supervisor of that name, with options and children to come.
    pub fn builder(name: impl Into<Arc<str>>) -> SupervisorBuilder {
        SupervisorBuilder::new(name.into())
    }

    /// What others may hold of it, as [`start`](Self::start) gives it. The way to the children of a supervisor that will be another's
    /// child, and for a child to its siblings.
    #[must_use]
    pub fn handle(&self) -> SupervisorHandle {
        self.handle.clone()
    }

    /// Starts the supervisor as a routine, in the background, at once, and waits until its children have started, one after the other.
    ///
    /// Its span, and its children's, is a root span that follows from the current one. Dropping the handle detaches it. A
    /// [`cancelled`](crate::cancelled) that fires in it, as it does at its [`deadline`](crate::deadline), stops it in order, so that
    /// its children have no deadline of their own; an abort and the end of the runtime end it and its children at their next await.
    /// Needs tokio's timers to be enabled.
    ///
    /// # Errors
    /// Of a supervisor that failed before all of its children had started: those that had started were stopped. In its chain is
    /// [`ChildNotStarted`](super::ChildNotStarted), or [`RestartsExhausted`](crate::RestartsExhausted) where children that had
    /// started before ended too often meanwhile. It was reported, too.
    /// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown).
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing: the supervisor goes on.
    #[track_caller]
    pub fn start(self) -> impl Future<Output = Result<SupervisorHandle, Error>> {
        let (starter, has_started) = oneshot::channel();
        let place = Location::caller();
        let start = Start::noted(type_name::<Self>, place, self.policy).name(self.handle.name().to_owned()).outlives();
        // Refused, it is that error which everybody is told who waits for its end. Nobody may be.
        drop(self.routine.send(spawn::start::<Settled, _>(start, self.engine.run(starter))));
        let handle = self.handle;
        async move {
            if has_started.await.is_err() {
                handle.ended().await?;
            }
            Ok(handle)
        }
    }

    /// [`start`](Self::start), and waits until it has ended. If what runs here is asked to stop meanwhile, so is the supervisor.
    ///
    /// # Errors
    /// As [`start`](Self::start), and as [`SupervisorHandle::ended`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing: the supervisor goes on.
    #[track_caller]
    pub fn run(self) -> impl Future<Output = Result<(), Error>> {
        let handle = self.handle();
        let started = self.start();
        async move {
            let ended = async { started.await?.ended().await };
            let mut ended = std::pin::pin!(ended);
            if let Some(ended) = cancel::unless_cancelled(ended.as_mut()).await {
                return ended;
            }
            drop(handle.stop().await);
            ended.await
        }
    }

    /// Runs it here, as the child of another.
    pub(super) fn supervise(
        self,
        on_started: oneshot::Sender<()>,
    ) -> impl Future<Output = Result<(), Failed>> + Send + use<> {
        self.engine.run(on_started)
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("handle", &self.handle).finish_non_exhaustive()
    }
}
