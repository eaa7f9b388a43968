//! What others hold of a supervisor.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::error::{ChildError, ChildErrorKind};
use super::message::{Message, Reply};
use super::own::Own;
use super::spec::ChildSpec;
use super::table::{Child, Overdue, Table};
use crate::cancel;
use crate::error::Error;
use crate::handle::Handle;
use crate::id::RoutineId;

/// What others hold of a [`Supervisor`](super::Supervisor): its children can be seen, and added to, and it can be stopped. It may be
/// cloned, also into the children. Dropping it, or all of them, changes nothing.
///
/// # Cancel safety
/// Dropping one of its futures takes nothing back: what was asked for is done.
#[derive(Clone)]
pub struct SupervisorHandle {
    name: Arc<str>,
    table: Arc<Table>,
    sender: UnboundedSender<Message>,
    own: Arc<Own>,
}

impl SupervisorHandle {
    pub(super) fn new(
        name: Arc<str>,
        table: Arc<Table>,
        sender: UnboundedSender<Message>,
        routine: oneshot::Receiver<Result<Handle<()>, Error>>,
    ) -> Self {
        Self { name, table, sender, own: Arc::new(Own::new(routine)) }
    }

    /// The supervisor's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the routine that the supervisor is; `None` until it runs.
    #[must_use]
    pub fn id(&self) -> Option<RoutineId> {
        self.table.id.get().copied()
    }

    /// Its children in their order, as they are now; none once it has ended.
    #[must_use]
    pub fn children(&self) -> Vec<Child> {
        self.table.children()
    }

    /// Adds a child after all others, starts it, and waits until it has started. If it is stopped before that for the restart of a
    /// sibling, and is to run again, its next start is waited for.
    ///
    /// While the supervisor starts, or restarts several, the new child waits behind those that are about to start. So a child must
    /// not wait for this before it has said itself that it has started: both would wait for ever.
    ///
    /// # Errors
    /// [`NameTaken`](ChildErrorKind::NameTaken); [`NotStarted`](ChildErrorKind::NotStarted), and the child is forgotten;
    /// [`Terminated`](ChildErrorKind::Terminated) while it started; [`Cancelled`](ChildErrorKind::Cancelled) where whoever calls is asked
    /// to stop; [`SupervisorStopped`](ChildErrorKind::SupervisorStopped).
    pub async fn add_child(&self, spec: ChildSpec) -> Result<RoutineId, ChildError> {
        let name = Arc::clone(&spec.name);
        self.ask_to_start(name, |_, reply| Message::Add(Box::new(spec), reply)).await
    }

    /// Starts a child that does not run, because it has ended or was terminated, and waits until it has started.
    ///
    /// # Errors
    /// [`NotFound`](ChildErrorKind::NotFound), [`Running`](ChildErrorKind::Running), [`Restarting`](ChildErrorKind::Restarting);
    /// [`NotStarted`](ChildErrorKind::NotStarted), and it is not tried again; [`Terminated`](ChildErrorKind::Terminated) while it
    /// started; [`Cancelled`](ChildErrorKind::Cancelled) where whoever calls is asked to stop;
    /// [`SupervisorStopped`](ChildErrorKind::SupervisorStopped).
    pub async fn restart_child(&self, name: &str) -> Result<RoutineId, ChildError> {
        self.ask_to_start(name.into(), Message::Restart).await
    }

    /// Stops a child, within its grace, and waits until it has ended. One that does not run is left as it is; one that waits for its
    /// restart is not restarted. It stays known, unless it is temporary: [`restart_child`](Self::restart_child) starts it again, and
    /// so does the restart of a sibling that takes it along.
    ///
    /// # Errors
    /// [`NotFound`](ChildErrorKind::NotFound), [`SupervisorStopped`](ChildErrorKind::SupervisorStopped).
    pub async fn terminate(&self, name: &str) -> Result<(), ChildError> {
        self.ask(name.into(), Message::Terminate).await
    }

    /// [`terminate`](Self::terminate), and the child is forgotten.
    ///
    /// # Errors
    /// As [`terminate`](Self::terminate).
    pub async fn remove_child(&self, name: &str) -> Result<(), ChildError> {
        self.ask(name.into(), Message::Remove).await
    }

    /// Stops the children, the last first, each within its grace, and then the supervisor, and waits for its end. Children of one that
    /// has ended are stopped already. Under [`Strategy::OneForOne`](super::Strategy::OneForOne) the temporary children that were added
    /// while it worked are asked first, and together.
    ///
    /// One that is another's child has ended well then: the other restarts it if it is permanent, and counts that. To stop it for
    /// good, have the other [`terminate`](Self::terminate) it.
    pub async fn stop(&self) -> StopReport {
        // One that has ended is not to be asked.
        let _ = self.sender.send(Message::Stop);
        drop(self.ended().await);
        StopReport { overdue: self.table.overdue() }
    }

    /// Waits until the supervisor and all its children have ended.
    ///
    /// # Errors
    /// With the error that the supervisor failed with; in its chain are [`RestartsExhausted`](crate::RestartsExhausted), or
    /// [`ChildNotStarted`](super::ChildNotStarted). It was reported when it happened. Of a supervisor that is another's child, the error is
    /// that other's, and this gives none. Where the other aborted it, because its grace was not for ever, its children were aborted with
    /// it, and may still be on their way to their ends on other threads.
    pub async fn ended(&self) -> Result<(), Error> {
        self.sender.closed().await;
        poll_fn(|cx| self.own.poll(cx)).await
    }

    /// [`ask`](Self::ask), until whoever asks is asked to stop: a child that waited on would hold up the stop, behind which the start
    /// is that it waits for.
    async fn ask_to_start(
        &self,
        name: Arc<str>,
        message: impl FnOnce(Arc<str>, Reply<RoutineId>) -> Message,
    ) -> Result<RoutineId, ChildError> {
        let cancelled = ChildError::new(Arc::clone(&name), ChildErrorKind::Cancelled);
        cancel::unless_cancelled(self.ask(name, message)).await.unwrap_or(Err(cancelled))
    }

    async fn ask<T>(
        &self,
        name: Arc<str>,
        message: impl FnOnce(Arc<str>, Reply<T>) -> Message,
    ) -> Result<T, ChildError> {
        let (reply, mut answer) = oneshot::channel();
        let stopped = ChildError::new(Arc::clone(&name), ChildErrorKind::SupervisorStopped);
        if self.sender.send(message(name, reply)).is_err() {
            return Err(stopped);
        }
        // What is sent in the moment in which the supervisor ends may stay in the channel, with its reply, as long as this handle.
        let mut closed = pin!(self.sender.closed());
        poll_fn(|cx| match Pin::new(&mut answer).poll(cx) {
            Poll::Pending => closed.as_mut().poll(cx).map(|()| answer.try_recv().ok()),
            Poll::Ready(answer) => Poll::Ready(answer.ok()),
        })
        .await
        .unwrap_or(Err(stopped))
    }
}

/// How a supervisor was stopped.
#[must_use = "it names the children that had to be aborted"]
#[derive(Clone, Debug)]
pub struct StopReport {
    overdue: Vec<Overdue>,
}

impl StopReport {
    /// The children that did not stop within their graces when the supervisor ended, in the order in which they were aborted. Those
    /// that were aborted before, for a restart or because somebody terminated them, were told in a record; those of a supervisor
    /// further down are its own.
    #[must_use]
    pub fn overdue(&self) -> &[Overdue] {
        &self.overdue
    }
}

impl fmt::Debug for SupervisorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorHandle")
            .field("name", &self.name)
            .field("id", &self.id())
            .field("children", &self.children())
            .finish_non_exhaustive()
    }
}
