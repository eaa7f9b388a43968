//! What the caller holds of a routine.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::{AbortHandle, JoinError, JoinHandle};

use crate::birth::{Born, Identity, Origin};
use crate::cancel::CancelReason;
use crate::error::Error;
use crate::id::RoutineId;
use crate::panic;
use crate::policy::Policy;
use crate::pool::{self, Awaited, PoolMark};
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
    // As an `Identity` has them: the origin, which is half a word, fits in above.
    root_high: u64,
    root_low: u64,
    id: u64,
    parent: u64,
    grandparent: u64,
}

/// What gives the result, with what fits in beside the tag that tells the two apart: every start writes a handle, which is eight
/// words on Linux.
enum Work<T> {
    Task {
        origin: Origin,
        slot: &'static Slot,
        task: JoinHandle<Result<T, Error>>,
    },
    /// The slot of a job is known to its pool.
    Job {
        origin: Origin,
        pool: PoolMark,
        awaited: Awaited<T>,
    },
}

impl<T> Handle<T> {
    #[inline]
    pub(crate) fn new(task: JoinHandle<Result<T, Error>>, born: Born) -> Self {
        let Born { slot, identity } = born;
        Self::of(Work::Task { origin: identity.origin, slot, task }, identity)
    }

    #[inline]
    pub(crate) fn of_job(awaited: Awaited<T>, identity: Identity, pool: PoolMark) -> Self {
        Self::of(Work::Job { origin: identity.origin, pool, awaited }, identity)
    }

    #[inline]
    fn of(work: Work<T>, identity: Identity) -> Self {
        let Identity { origin: _, root_high, root_low, id, parent, grandparent } = identity;
        Self { work, root_high, root_low, id, parent, grandparent }
    }

    const fn identity(&self) -> Identity {
        let (Work::Task { origin, .. } | Work::Job { origin, .. }) = self.work;
        let Self { root_high, root_low, id, parent, grandparent, .. } = *self;
        Identity { origin, root_high, root_low, id, parent, grandparent }
    }

    /// The routine's number.
    ///
    /// # Panics
    /// Never: a routine that started has a number.
    #[must_use]
    pub fn id(&self) -> RoutineId {
        RoutineId::from_raw(self.id).expect("numbers start at 1")
    }

    /// The routine's trace.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.identity().trace()
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
            Work::Task { slot, task, .. } => {
                task.abort();
                if slot.meta().has(Flags::BLOCKING) {
                    self.cancel();
                }
            }
            Work::Job { pool, .. } => pool::abort(*pool, self.id),
        }
    }

    /// Asks the routine to stop: [`cancelled`](crate::cancelled) resolves and [`is_cancelled`](crate::is_cancelled)
    /// turns true inside it. Nothing else happens; a routine that does not look goes on.
    pub fn cancel(&self) {
        match &self.work {
            Work::Task { slot, .. } => {
                if let Some(token) = slot.cancel(self.id) {
                    token.cancel();
                }
            }
            Work::Job { pool, .. } => pool::cancel(*pool, self.id),
        }
    }

    /// Whether the routine has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.work {
            Work::Task { task, .. } => task.is_finished(),
            Work::Job { awaited, .. } => awaited.is_finished(),
        }
    }
}

impl<T> Handle<T> {
    /// Of a routine that is a task of its own.
    pub(crate) fn abort_handle(&self) -> Option<AbortHandle> {
        match &self.work {
            Work::Task { task, .. } => Some(task.abort_handle()),
            Work::Job { .. } => None,
        }
    }

    /// Whom an error is about that the routine did not leave itself.
    pub(crate) fn subject(&self) -> Subject {
        self.identity().subject()
    }
}

impl<T> Handle<T> {
    // Out of the way of a task, which most are.
    #[inline(never)]
    fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let Work::Job { awaited, .. } = &mut self.work else { unreachable!("it is no task") };
        Poll::Ready(match ready!(awaited.poll(cx)) {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(error.taken()),
            None => Err(self.identity().cancelled()),
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
        let Work::Task { task, .. } = &mut self.work else { return self.poll_job(cx) };
        Poll::Ready(match ready!(Pin::new(task).poll(cx)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(error.taken()),
            Err(lost) => Err(self.identity().lost(Some(lost))),
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

#[cfg(all(test, target_os = "linux", target_pointer_width = "64", not(routine_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_eight_words() {
        assert_eq!(size_of::<Handle<()>>(), 64);
        assert_eq!(size_of::<Handle<[u64; 8]>>(), 64);
    }
}
