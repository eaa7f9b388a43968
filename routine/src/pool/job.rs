//! A job on its way through a pool: a body for the worker, and an outlet for whoever holds the handle.
//!
//! No code of a user runs under the lock of an outlet but the clone of its waker: to make one before each look would cost every
//! handle that is ready.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;
use tokio::task::coop;

use super::shared::Shared;
use crate::birth::Identity;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::panic;
use crate::registry::Slot;

/// What a worker runs.
pub(super) trait Body: Send {
    /// Runs on, to the end if it can; how it ended. One whose end its handle has asked for does not run on, nor one whose pool
    /// `is_over`.
    fn poll(self: Pin<&mut Self>, is_over: bool, cx: &mut Context<'_>) -> Poll<Outcome>;

    /// Whether its handle has asked for its end.
    fn is_aborted(&self) -> bool;

    /// Drops what is left of the routine, which is then counted as cancelled.
    fn cancel(self: Pin<&mut Self>);

    /// Hands over what it ended in. Until then nobody knows that it has ended, but its pool.
    fn publish(self: Pin<Box<Self>>);
}

pin_project! {
    /// A routine with the outlet of what it gives.
    pub(super) struct JobBody<F, T> {
        // Before the outlet: what ends undone has ended, and is counted, when its handle hears of it.
        #[pin]
        routine: Option<F>,
        result: Option<Result<T, Error>>,
        outlet: Unless<T>,
    }
}

impl<F, T> JobBody<F, T>
where
    F: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    /// A body for the routine that is made last, so that it is made in its place and copied to none.
    pub(super) fn boxed(outlet: Arc<Outlet<T>>, routine: impl FnOnce() -> F) -> Pin<Box<Self>> {
        let mut body = Box::pin(Self { routine: None, result: None, outlet: Unless(Some(outlet)) });
        body.as_mut().project().routine.set(Some(routine()));
        body
    }
}

impl<F, T> Body for JobBody<F, T>
where
    F: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    fn poll(mut self: Pin<&mut Self>, is_over: bool, cx: &mut Context<'_>) -> Poll<Outcome> {
        if is_over || self.is_aborted() {
            panic::swallow(|| self.as_mut().cancel());
            return Poll::Ready(Outcome::Cancelled);
        }
        let this = self.project();
        let Some(routine) = this.routine.as_pin_mut() else { return Poll::Ready(Outcome::Cancelled) };
        let result = ready!(routine.poll(cx));
        let outcome = outcome_of(&result);
        *this.result = Some(result);
        Poll::Ready(outcome)
    }

    fn is_aborted(&self) -> bool {
        self.outlet.0.as_ref().is_some_and(|outlet| outlet.is_aborted.load(Ordering::Acquire))
    }

    fn cancel(self: Pin<&mut Self>) {
        self.project().routine.set(None);
    }

    fn publish(mut self: Pin<Box<Self>>) {
        let this = self.as_mut().project();
        if let Some(outlet) = this.outlet.0.take() {
            outlet.give(this.result.take());
        }
    }
}

pub(super) fn outcome_of<T>(result: &Result<T, Error>) -> Outcome {
    match result {
        Ok(_) => Outcome::Completed,
        Err(error) => error.outcome().unwrap_or(Outcome::Cancelled),
    }
}

/// Says that nothing comes any more, unless something came.
struct Unless<T>(Option<Arc<Outlet<T>>>);

impl<T> Drop for Unless<T> {
    fn drop(&mut self) {
        if let Some(outlet) = self.0.take() {
            outlet.give(None);
        }
    }
}

/// Where a handle finds what its job ended in.
pub(crate) struct Outlet<T> {
    pool: Arc<Shared>,
    slot: &'static Slot,
    id: u64,
    is_aborted: AtomicBool,
    place: Mutex<Place<T>>,
}

enum Place<T> {
    Empty(Option<Waker>),
    /// `None` for a job that ended undone.
    Full(Option<Result<T, Error>>),
    Taken,
}

impl<T> Outlet<T> {
    pub(super) const fn new(pool: Arc<Shared>, slot: &'static Slot, id: u64) -> Self {
        Self { pool, slot, id, is_aborted: AtomicBool::new(false), place: const { Mutex::new(Place::Empty(None)) } }
    }

    fn give(&self, result: Option<Result<T, Error>>) {
        let before = mem::replace(&mut *self.place(), Place::Full(result));
        if let Place::Empty(Some(waker)) = before {
            panic::swallow(|| waker.wake());
        }
    }

    /// What the job ended in; `None` for one that ended undone.
    ///
    /// # Panics
    /// Once it has been taken.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let budget = ready!(coop::poll_proceed(cx));
        let mut place = self.place();
        let waker = match &mut *place {
            Place::Empty(waker) => waker,
            Place::Full(_) => {
                budget.made_progress();
                let Place::Full(result) = mem::replace(&mut *place, Place::Taken) else { unreachable!("it is full") };
                return Poll::Ready(result);
            }
            Place::Taken => {
                drop(place);
                panic!("a handle was awaited after it had given the result");
            }
        };
        let old = match waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            waker => waker.replace(cx.waker().clone()),
        };
        drop(place);
        drop(old);
        Poll::Pending
    }

    /// The slot of the job's routine, while that is there.
    pub(crate) const fn slot(&self) -> &'static Slot {
        self.slot
    }

    pub(crate) fn is_finished(&self) -> bool {
        !matches!(*self.place(), Place::Empty(_))
    }

    /// The error of a job that ended undone.
    pub(crate) fn cancelled(&self, identity: &Identity) -> Error {
        if self.is_aborted.load(Ordering::Acquire) { identity.cancelled() } else { self.pool.cancelled(identity) }
    }

    pub(crate) fn abort(&self) {
        // Before the pool looks for it, so that a worker that has just taken it sees this.
        self.is_aborted.store(true, Ordering::Release);
        self.pool.abort(self.id);
    }

    fn place(&self) -> MutexGuard<'_, Place<T>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
