//! What the caller holds of a routine.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::{AbortHandle, JoinError, JoinHandle};

use crate::birth::Born;
use crate::error::Error;
use crate::id::RoutineId;
use crate::panic;
use crate::policy::Policy;
use crate::registry::Flags;
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
    task: JoinHandle<Result<T, Error>>,
    born: Born,
}

impl<T> Handle<T> {
    #[inline]
    pub(crate) fn new(task: JoinHandle<Result<T, Error>>, born: Born) -> Self {
        Self { task, born }
    }

    /// The routine's number.
    ///
    /// # Panics
    /// Never: a routine that started has a number.
    #[must_use]
    pub fn id(&self) -> RoutineId {
        RoutineId::from_raw(self.born.id()).expect("numbers start at 1")
    }

    /// The routine's trace.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.born.trace()
    }

    /// Ends the routine at its next await, or before it ran at all: it counts as cancelled, its after-hooks run, and
    /// the handle gives an error with [`is_cancelled`](Error::is_cancelled).
    ///
    /// Returns at once. A routine that ended before is left as it is. Blocking work cannot be stopped once it runs:
    /// there it only turns [`is_cancelled`](crate::is_cancelled), and the handle gives what the work ends in. Before that
    /// it never runs, and ends when a thread of the pool comes to it.
    pub fn abort(&self) {
        self.task.abort();
        if self.born.slot.meta().has(Flags::BLOCKING) {
            self.cancel();
        }
    }

    /// Asks the routine to stop: [`cancelled`](crate::cancelled) resolves and [`is_cancelled`](crate::is_cancelled)
    /// turns true inside it. Nothing else happens; a routine that does not look goes on.
    pub fn cancel(&self) {
        if let Some(token) = self.born.slot.cancel(self.born.id()) {
            token.cancel();
        }
    }

    /// Whether the routine has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }
}

impl<T> Handle<T> {
    pub(crate) fn abort_handle(&self) -> AbortHandle {
        self.task.abort_handle()
    }

    /// Whom an error is about that the routine did not leave itself.
    pub(crate) fn subject(&self) -> Subject {
        self.born.subject()
    }
}

impl Born {
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

    /// The error of a routine that left none of its own.
    #[cold]
    #[inline(never)]
    fn lost(&self, lost: JoinError) -> Error {
        let subject = self.subject();
        match lost.try_into_panic() {
            // Panics are caught inside the task; what is left is a panic of tokio's own.
            Ok(payload) => Error::panicked(subject, panic::take(payload, 0)),
            Err(_) => Error::cancelled(subject, None),
        }
    }
}

impl<T> Future for Handle<T> {
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.task).poll(cx)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(error.taken()),
            Err(lost) => Err(self.born.lost(lost)),
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
