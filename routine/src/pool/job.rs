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

use super::listing;
use super::shared::Shared;
use crate::birth::Born;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::panic;
use crate::registry::Slot;

/// What a worker runs.
pub(super) trait Body: Send {
    /// Runs on, to the end if it can; how it ended. One whose end its handle has asked for does not run on, nor one whose pool
    /// `is_over`.
    fn poll(self: Pin<&mut Self>, pool: &Shared, is_over: bool, cx: &mut Context<'_>) -> Poll<Outcome>;

    /// Whether its handle has asked for its end.
    fn is_aborted(&self) -> bool;

    /// Drops what is left of the routine, which is then counted as cancelled.
    fn cancel(self: Pin<&mut Self>, pool: &Shared);

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
    #[inline]
    pub(super) fn boxed(outlet: Arc<Outlet<T>>, routine: impl FnOnce() -> F) -> Box<Self> {
        let mut body = Box::new(Self { routine: None, result: None, outlet: Unless(Some(outlet)) });
        body.routine = Some(routine());
        body
    }

    /// The routine, of one that was never pinned.
    pub(super) fn into_routine(mut self: Box<Self>) -> Option<F> {
        self.routine.take()
    }
}

impl<F, T> Body for JobBody<F, T>
where
    F: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    fn poll(mut self: Pin<&mut Self>, pool: &Shared, is_over: bool, cx: &mut Context<'_>) -> Poll<Outcome> {
        if is_over || self.is_aborted() {
            panic::swallow(|| self.as_mut().cancel(pool));
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

    fn cancel(self: Pin<&mut Self>, pool: &Shared) {
        let mut this = self.project();
        if let (None, Some(outlet)) = (&this.result, &this.outlet.0) {
            // As long as the slot is its own.
            *this.result = Some(Err(outlet.cancelled(pool)));
        }
        this.routine.set(None);
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
    /// The number of the pool, which is looked for only by an abort.
    pool: u64,
    slot: &'static Slot,
    is_aborted: AtomicBool,
    /// Whether the place is full, so that who looks need not lock it.
    is_full: AtomicBool,
    place: Mutex<Place<T>>,
}

enum Place<T> {
    Empty(Option<Waker>),
    /// `None` for a job that was lost with its worker.
    Full(Option<Result<T, Error>>),
}

impl<T> Outlet<T> {
    pub(super) const fn new(pool: u64, slot: &'static Slot) -> Self {
        let place = const { Mutex::new(Place::Empty(None)) };
        Self { pool, slot, is_aborted: AtomicBool::new(false), is_full: AtomicBool::new(false), place }
    }

    fn give(&self, result: Option<Result<T, Error>>) {
        let mut place = self.place();
        let before = mem::replace(&mut *place, Place::Full(result));
        self.is_full.store(true, Ordering::Release);
        drop(place);
        if let Place::Empty(Some(waker)) = before {
            panic::swallow(|| waker.wake());
        }
    }

    /// Ready once the place is full.
    fn poll_full(&self, cx: &mut Context<'_>) -> Poll<()> {
        let budget = ready!(coop::poll_proceed(cx));
        if self.is_finished() {
            budget.made_progress();
            return Poll::Ready(());
        }
        let mut place = self.place();
        let waker = match &mut *place {
            Place::Empty(waker) => waker,
            Place::Full(_) => {
                budget.made_progress();
                return Poll::Ready(());
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

    /// What the place was filled with.
    fn take(self: Arc<Self>) -> Option<Result<T, Error>> {
        let place = match Arc::try_unwrap(self) {
            Ok(outlet) => outlet.place.into_inner().unwrap_or_else(PoisonError::into_inner),
            // Its worker has filled it, and not let go of it yet.
            Err(outlet) => mem::replace(&mut *outlet.place(), Place::Empty(None)),
        };
        match place {
            Place::Full(result) => result,
            Place::Empty(_) => unreachable!("it is taken once, when it is full"),
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.is_full.load(Ordering::Acquire)
    }

    /// The error of a job that ends undone.
    fn cancelled(&self, pool: &Shared) -> Error {
        let identity = Born::of(self.slot).identity;
        if self.is_aborted.load(Ordering::Acquire) { identity.cancelled() } else { pool.cancelled(&identity) }
    }

    /// Ends the job, whose routine has that number.
    pub(crate) fn abort(&self, id: u64) {
        // Before the pool looks for it, so that a worker that has just taken it sees this.
        self.is_aborted.store(true, Ordering::Release);
        if let Some(pool) = listing::get(self.pool) {
            pool.abort(id);
        }
    }

    /// The slot of the job's routine, while that is there.
    pub(crate) const fn slot(&self) -> &'static Slot {
        self.slot
    }

    fn place(&self) -> MutexGuard<'_, Place<T>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the job of an outlet ended in; `None` for one that was lost with its worker. Takes the outlet then.
///
/// # Panics
/// Once it has been taken.
pub(crate) fn poll_taken<T>(
    outlet: &mut Option<Arc<Outlet<T>>>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<T, Error>>> {
    match outlet {
        Some(full) => ready!(full.poll_full(cx)),
        None => panic!("a handle was awaited after it had given the result"),
    }
    Poll::Ready(outlet.take().and_then(Outlet::take))
}
