//! What a supervisor is told by those who hold it, and by its children.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Key;
use super::error::ChildError;
use super::spec::ChildSpec;
use crate::id::RoutineId;

/// Whoever asked, and waits for the answer.
pub(super) type Reply<T> = oneshot::Sender<Result<T, ChildError>>;

pub(super) enum Message {
    Add(Box<ChildSpec>, Reply<RoutineId>),
    Restart(Arc<str>, Reply<RoutineId>),
    Terminate(Arc<str>, Reply<()>),
    Remove(Arc<str>, Reply<()>),
    Stop,
    /// A run of a child says that it has started.
    Started(Key, RoutineId),
}

/// Answers. Whoever asked may be gone.
pub(super) fn answer<T>(reply: Reply<T>, answer: Result<T, ChildError>) {
    drop(reply.send(answer));
}
