//! A job on its way through a pool: a body for the worker, and an outlet for whoever holds the handle.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use oneshot::{AsyncReceiver, Sender};
use pin_project_lite::pin_project;
use tokio::task::coop;

use crate::birth::Born;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::panic;
use crate::registry::Slot;

/// What a worker runs.
pub(super) trait Body: Send {
    /// Runs on, to the end if it can; how it ended. One that is to end, for that reason, does not run on.
    fn poll(self: Pin<&mut Self>, end: Option<Undone>, cx: &mut Context<'_>) -> Poll<Outcome>;

    /// Whether nobody will ask for what it ends in, so that it is to end.
    fn is_abandoned(&self) -> bool;

    /// Drops what is left of the routine, which is then counted as cancelled.
    fn cancel(self: Pin<&mut Self>, why: Undone);

    /// Hands over what it ended in. Until then nobody knows that it has ended, but its pool.
    fn publish(self: Pin<Box<Self>>);
}

/// Why a job ends undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undone {
    /// Its handle asked for it, nobody will ask for what it gives, or it ends with its pool.
    Aborted,
    /// The process is shutting down.
    Shutdown,
}

impl Undone {
    /// The error of a job whose slot is still its own.
    pub(super) fn error(self, slot: &'static Slot) -> Error {
        let identity = Born::of(slot).identity;
        match self {
            Self::Aborted => identity.cancelled(),
            Self::Shutdown => identity.cancelled_by_shutdown(),
        }
    }
}

pin_project! {
    /// A routine with the outlet of what it gives.
    pub(super) struct JobBody<F, T> {
        // Before the outlet: what ends undone has ended, and is counted, when its handle hears of it.
        #[pin]
        routine: Option<F>,
        slot: &'static Slot,
        result: Option<Result<T, Error>>,
        // Dropped unused it says that nothing comes any more.
        outlet: Option<Sender<Result<T, Error>>>,
    }
}

impl<F, T> JobBody<F, T>
where
    F: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    /// A body for the routine that is made last, so that it is made in its place and copied to none. And where its handle finds
    /// what it ended in.
    #[inline]
    pub(super) fn boxed(slot: &'static Slot, routine: impl FnOnce() -> Option<F>) -> (Box<Self>, Awaited<T>) {
        let (outlet, place) = oneshot::async_channel();
        let mut body = Box::new(Self { routine: None, slot, result: None, outlet: Some(outlet) });
        body.routine = routine();
        (body, Awaited(Mutex::new(Some(place))))
    }

    /// The routine, of one that was never pinned.
    pub(super) const fn take_routine(&mut self) -> Option<F> {
        self.routine.take()
    }
}

impl<F, T> Body for JobBody<F, T>
where
    F: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    fn poll(mut self: Pin<&mut Self>, end: Option<Undone>, cx: &mut Context<'_>) -> Poll<Outcome> {
        if let Some(why) = end {
            panic::swallow(|| self.as_mut().cancel(why));
            return Poll::Ready(Outcome::Cancelled);
        }
        let this = self.project();
        let Some(routine) = this.routine.as_pin_mut() else { return Poll::Ready(Outcome::Cancelled) };
        let result = ready!(routine.poll(cx));
        let outcome = outcome_of(&result);
        *this.result = Some(result);
        Poll::Ready(outcome)
    }

    fn is_abandoned(&self) -> bool {
        false
    }

    fn cancel(self: Pin<&mut Self>, why: Undone) {
        let mut this = self.project();
        if this.result.is_none() {
            *this.result = Some(Err(why.error(this.slot)));
        }
        this.routine.set(None);
    }

    fn publish(mut self: Pin<Box<Self>>) {
        let this = self.as_mut().project();
        if let (Some(result), Some(outlet)) = (this.result.take(), this.outlet.take()) {
            // Where the handle is gone the result is dropped here.
            drop(outlet.send(result));
        }
    }
}

pub(super) fn outcome_of<T>(result: &Result<T, Error>) -> Outcome {
    match result {
        Ok(_) => Outcome::Completed,
        Err(error) => error.outcome().unwrap_or(Outcome::Cancelled),
    }
}

/// Where a handle finds what its job ended in, until it has taken it.
///
/// Under a lock, since whoever shares the handle may ask whether there is something; who awaits it has it alone, and locks nothing.
pub(crate) struct Awaited<T>(Mutex<Option<AsyncReceiver<Result<T, Error>>>>);

impl<T> Awaited<T> {
    /// What the job ended in; `None` for one that was lost with its worker.
    ///
    /// # Panics
    /// Once it has been taken.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let place = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(receiver) = place else { panic!("a handle was awaited after it had given the result") };
        let budget = ready!(coop::poll_proceed(cx));
        let result = ready!(Pin::new(receiver).poll(cx));
        budget.made_progress();
        *place = None;
        Poll::Ready(result.ok())
    }

    pub(crate) fn is_finished(&self) -> bool {
        let place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().is_none_or(|receiver| receiver.has_message() || receiver.is_closed())
    }
}
