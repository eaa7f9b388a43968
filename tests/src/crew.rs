//! Children of supervisors that do what a test tells them.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use routine::supervise::{Child, ChildSpec, ChildState, SupervisorHandle};
use tokio::sync::oneshot;
use tokio::task::yield_now;

/// What a child is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// End well.
    Return,
    /// End with an error.
    Fail,
    /// Panic.
    Panic,
    /// Say that it has started.
    Start,
}

/// Children that note when they start and stop, and do what they are told.
#[derive(Clone, Debug, Default)]
pub struct Crew(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    log: Vec<String>,
    orders: HashMap<String, oneshot::Sender<Order>>,
    runs: HashMap<String, usize>,
    unwilling: HashMap<String, usize>,
}

impl Crew {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A child that runs until it is told to end or asked to stop. In the log it is `+name` when it starts, `-name` when it stops
    /// because it was asked to, and `!name` when it does what it was told.
    pub fn child(&self, name: &str) -> ChildSpec {
        let (crew, own) = (self.clone(), name.to_owned());
        ChildSpec::new(name, move || {
            crew.refuse(&own);
            let orders = crew.begin(&own);
            crew.clone().work(own.clone(), orders)
        })
    }

    /// As [`child`](Self::child), which says that it has started when it is told to.
    pub fn slow_starter(&self, name: &str) -> ChildSpec {
        let (crew, own) = (self.clone(), name.to_owned());
        ChildSpec::with_ready(name, move |ready| {
            let (crew, own) = (crew.clone(), own.clone());
            let orders = crew.begin(&own);
            async move {
                let order = orders.await.ok();
                if order != Some(Order::Start) {
                    return crew.obey(&own, order);
                }
                let orders = crew.listen(&own);
                ready.started(());
                crew.work(own, orders).await
            }
        })
    }

    /// A child that hangs, whatever it is asked.
    pub fn stubborn(&self, name: &str) -> ChildSpec {
        let (crew, own) = (self.clone(), name.to_owned());
        ChildSpec::new(name, move || {
            drop(crew.begin(&own));
            pending::<()>()
        })
    }

    /// Has the next starts of a child panic.
    pub fn refuse_next(&self, name: &str, times: usize) {
        self.inner().unwilling.insert(name.to_owned(), times);
    }

    fn refuse(&self, name: &str) {
        let refuses = self.inner().unwilling.get_mut(name).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
        assert!(!refuses, "`{name}` does not start");
    }

    fn begin(&self, name: &str) -> oneshot::Receiver<Order> {
        let mut inner = self.inner();
        inner.log.push(format!("+{name}"));
        *inner.runs.entry(name.to_owned()).or_default() += 1;
        drop(inner);
        self.listen(name)
    }

    fn listen(&self, name: &str) -> oneshot::Receiver<Order> {
        let (sender, orders) = oneshot::channel();
        self.inner().orders.insert(name.to_owned(), sender);
        orders
    }

    async fn work(self, name: String, orders: oneshot::Receiver<Order>) -> Result<(), String> {
        tokio::select! {
            () = routine::cancelled() => {
                self.inner().log.push(format!("-{name}"));
                Ok(())
            }
            order = orders => self.obey(&name, order.ok()),
        }
    }

    fn obey(&self, name: &str, order: Option<Order>) -> Result<(), String> {
        self.inner().log.push(format!("!{name}"));
        match order {
            Some(Order::Fail) => Err(format!("`{name}` failed")),
            Some(Order::Panic) => panic!("`{name}` panicked"),
            _ => Ok(()),
        }
    }

    /// Tells a child what to do.
    ///
    /// # Panics
    /// If it does not run.
    pub fn tell(&self, name: &str, order: Order) {
        let orders = self.inner().orders.remove(name).unwrap_or_else(|| panic!("`{name}` was told already"));
        orders.send(order).unwrap_or_else(|_| panic!("`{name}` does not run"));
    }

    /// What was noted since this was asked last.
    #[must_use]
    pub fn log(&self) -> String {
        std::mem::take(&mut self.inner().log).join(" ")
    }

    /// How often a child was started.
    #[must_use]
    pub fn runs(&self, name: &str) -> usize {
        self.inner().runs.get(name).copied().unwrap_or_default()
    }
}

/// The children of a supervisor with their states, as `name:state`.
#[must_use]
pub fn states(supervisor: &SupervisorHandle) -> String {
    let states: Vec<_> =
        supervisor.children().iter().map(|child| format!("{}:{}", child.name(), child.state())).collect();
    states.join(" ")
}

/// One child.
///
/// # Panics
/// If there is none of that name.
#[must_use]
pub fn child(supervisor: &SupervisorHandle, name: &str) -> Child {
    let children = supervisor.children();
    children.into_iter().find(|child| child.name() == name).unwrap_or_else(|| panic!("there is no `{name}`"))
}

/// Lets everything happen that needs no time.
///
/// # Panics
/// If a child restarts all the while.
pub async fn settle(supervisor: &SupervisorHandle) {
    for _ in 0..200 {
        yield_now().await;
    }
    let busy = |child: &Child| matches!(child.state(), ChildState::Stopping);
    assert!(!supervisor.children().iter().any(busy), "{supervisor:?}");
}

/// Lets that much time pass on a paused clock.
pub async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
