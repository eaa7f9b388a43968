//! What the caller holds of a routine.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::{AbortHandle, JoinError, JoinHandle};

use crate::birth::{Born, Identity};
use crate::cancel::CancelReason;
use crate::error::Error;
use crate::id::RoutineId;
use crate::panic;
use crate::policy::Policy;
use crate::pool::{Outlet, poll_taken};
use crate::registry::{Flags, Slot};
use crate::report::Subject;
use crate::site;
use crate::trace::Trace;

/// What the caller holds of a routine. Dropping it detaches: the routine goes on, and its failure is still reported.
///
/// Awaited, it gives what the routine returned, or the [`Error`] that says why there is nothing. A failure is reported
/// when it happens, whether or not somebody waits; a [`quiet`](crate::Builder::quiet) one belongs to whoever holds the
/// handle, and is reported only if the handle goes unasked.
///
/// It resolves after the routine's hooks have run and after it has left the registry.
///
/// # Cancel safety
/// Awaiting `&mut handle` and stopping loses nothing; the result stays for the next await. Once it has given the result,
/// awaiting it again panics.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let handle = routine::go_value(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # }
/// ```
pub struct Handle<T> {
    work: Work<T>,
    identity: Identity,
}

/// What gives the result. The slot of a job is known to its outlet: as it is, the two are told apart at no cost in room.
enum Work<T> {
    Task(&'static Slot, JoinHandle<Result<T, Error>>),
    /// Until it has given it.
    Job(Option<Arc<Outlet<T>>>),
}

impl<T> Handle<T> {
    #[inline]
    pub(crate) fn new(task: JoinHandle<Result<T, Error>>, born: Born) -> Self {
        Self { work: Work::Task(born.slot, task), identity: born.identity }
    }

    pub(crate) const fn of_job(job: Arc<Outlet<T>>, identity: Identity) -> Self {
        Self { work: Work::Job(Some(job)), identity }
    }

    /// `None` for a job that has given its result.
    fn slot(&self) -> Option<&'static Slot> {
        match &self.work {
            Work::Task(slot, _) => Some(slot),
            Work::Job(job) => Some(job.as_ref()?.slot()),
        }
    }

    /// The routine's number.
    ///
    /// # Panics
    /// Never: a routine that started has a number.
    #[must_use]
    pub fn id(&self) -> RoutineId {
        RoutineId::from_raw(self.identity.id()).expect("numbers start at 1")
    }

    /// The routine's trace.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.identity.trace()
    }

    /// Ends the routine at its next await, or before it ran at all: it counts as cancelled, its after-hooks run, and
    /// the handle gives an error with [`is_cancelled`](Error::is_cancelled).
    ///
    /// Returns at once. A routine that ended before is left as it is. A job of a [`Pool`](crate::Pool) that waits for a worker ends
    /// before this returns, on this thread: its future is dropped here, and its after-hooks run here. Blocking work cannot be stopped once it runs:
    /// there it only turns [`is_cancelled`](crate::is_cancelled), and the handle gives what the work ends in. Before that
    /// it never runs, and ends when a thread of the pool comes to it.
    pub fn abort(&self) {
        match &self.work {
            Work::Task(_, task) => task.abort(),
            Work::Job(job) => job.iter().for_each(|job| job.abort(self.identity.id())),
        }
        if self.slot().is_some_and(|slot| slot.meta().has(Flags::BLOCKING)) {
            self.cancel();
        }
    }

    /// Asks the routine to stop: [`cancelled`](crate::cancelled) resolves and [`is_cancelled`](crate::is_cancelled)
    /// turns true inside it. Nothing else happens; a routine that does not look goes on.
    pub fn cancel(&self) {
        if let Some(token) = self.slot().and_then(|slot| slot.cancel(self.identity.id())) {
            token.cancel();
        }
    }

    /// Whether the routine has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.work {
            Work::Task(_, task) => task.is_finished(),
            Work::Job(job) => job.as_ref().is_none_or(|job| job.is_finished()),
        }
    }
}

impl<T> Handle<T> {
    /// Of a routine that is a task of its own.
    pub(crate) fn abort_handle(&self) -> Option<AbortHandle> {
        match &self.work {
            Work::Task(_, task) => Some(task.abort_handle()),
            Work::Job(_) => None,
        }
    }

    /// Whom an error is about that the routine did not leave itself.
    pub(crate) fn subject(&self) -> Subject {
        self.identity.subject()
    }
}

impl<T> Handle<T> {
    // Out of the way of a task, which most are.
    #[inline(never)]
    fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let Work::Job(job) = &mut self.work else { unreachable!("it is no task") };
        Poll::Ready(match ready!(poll_taken(job, cx)) {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(error.taken()),
            None => Err(self.identity.cancelled()),
        })
    }
}

impl Identity {
    fn subject(&self) -> Subject {
        let origin = site::origin(self.origin());
        Subject {
            id: RoutineId::from_raw(self.id()),
            parent: None,
            name: Cow::Borrowed(origin.name),
            trace: self.trace(),
            file: origin.file,
            line: origin.line,
            policy: Policy::Log,
            fields: Vec::new(),
        }
    }

    /// The error of a routine that ended undone.
    pub(crate) fn cancelled(&self) -> Error {
        self.lost(None)
    }

    /// The error of a routine that the shutdown ended, and that left none of its own.
    pub(crate) fn cancelled_by_shutdown(&self) -> Error {
        Error::cancelled(self.subject(), Some(CancelReason::Shutdown))
    }

    /// The error of a routine that left none of its own.
    #[cold]
    #[inline(never)]
    fn lost(&self, lost: Option<JoinError>) -> Error {
        let subject = self.subject();
        match lost.map(JoinError::try_into_panic) {
            // Panics are caught inside the task; what is left is a panic of tokio's own.
            Some(Ok(payload)) => Error::panicked(subject, panic::take(payload, 0)),
            Some(Err(_)) | None => Error::cancelled(subject, None),
        }
    }
}

impl<T> Future for Handle<T> {
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Work::Task(_, task) = &mut self.work else { return self.poll_job(cx) };
        Poll::Ready(match ready!(Pin::new(task).poll(cx)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(error.taken()),
            Err(lost) => Err(self.identity.lost(Some(lost))),
        })
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id())
            .field("trace", &self.trace())
            .field("finished", &self.is_finished())
            .finish()
    }
}
