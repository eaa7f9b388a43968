//! Routines that say when they have started.

use std::any::type_name;
use std::fmt;
use std::future::Future;

use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::Scope;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::spawn;
use crate::start::Start;
use crate::task::Fallible;

type ValueOf<F> = <<F as Future>::Output as IntoOutcome>::Value;

/// Says that a routine has started, with what its starter waits for: an address, a connection, `()`.
///
/// It says so once: [`started`](Self::started) takes it, so that a second call does not compile. Dropped without, the routine
/// has not started, and its starter waits for the error that it ends in.
#[must_use = "the starter waits until `started` is called"]
pub struct Ready<V>(oneshot::Sender<V>);

impl<V> Ready<V> {
    pub(crate) const fn new(starter: oneshot::Sender<V>) -> Self {
        Self(starter)
    }

    /// For what says so itself.
    pub(crate) fn into_starter(self) -> oneshot::Sender<V> {
        self.0
    }

    /// Hands `value` to the starter, who goes on. If the starter is gone, nothing happens.
    pub fn started(self, value: V) {
        drop(self.0.send(value));
    }
}

impl<V> fmt::Debug for Ready<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").field("starter_is_gone", &self.0.is_closed()).finish()
    }
}

/// Starts a routine in the background, at once, and waits until it says that it is ready. The routine runs on; its handle comes
/// with the value.
///
/// So a server is known to listen before the next line runs, and a port that is taken is the starter's error. Failures are
/// reported when they happen, as [`go`](crate::go) does it, whether the routine had started or not.
///
/// # Errors
/// What the routine ended in before it was ready, its panic and its cancellation included; and an error of its own where it
/// ended well without a call of [`Ready::started`]. A routine that drops its `Ready` and runs on is waited for.
///
/// # Panics
/// Outside a tokio runtime, at the caller's line.
///
/// # Cancel safety
/// Dropping the future before it gave the value ends the routine at its next await.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tokio::sync::mpsc;
///
/// let (address, server) = routine::start(|ready| async move {
///     let (sender, mut requests) = mpsc::channel::<u8>(8);
///     ready.started(sender);
///     let mut served = 0;
///     while requests.recv().await.is_some() {
///         served += 1;
///     }
///     Ok::<_, std::io::Error>(served)
/// })
/// .await?;
/// address.send(1).await?;
/// drop(address);
/// assert_eq!(server.await?, 1);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn start<V, F, B>(body: B) -> impl Future<Output = Result<(V, Handle<ValueOf<F>>), Error>>
where
    B: FnOnce(Ready<V>) -> F,
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let (ready, is_ready) = oneshot::channel();
    let start = Start::typed(type_name::<F>, Policy::Log);
    let routine = spawn::started(spawn::start::<Fallible, F>(start, body(Ready(ready))));
    until_ready(routine, is_ready)
}

impl Scope {
    /// Starts a member, and waits until it says that it is ready; see [`start`]. It stays a member, so that its failure is the
    /// group's, whether it had started or not.
    ///
    /// # Errors
    /// As [`start`].
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    ///
    /// # Cancel safety
    /// Dropping the future before it gave the value ends the member at its next await.
    #[track_caller]
    pub fn start<V, F, B>(&self, body: B) -> impl Future<Output = Result<(V, Handle<ValueOf<F>>), Error>> + use<V, F, B>
    where
        B: FnOnce(Ready<V>) -> F,
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let (ready, is_ready) = oneshot::channel();
        until_ready(self.go(body(Ready(ready))), is_ready)
    }
}

fn until_ready<V, T>(
    routine: Handle<T>,
    is_ready: oneshot::Receiver<V>,
) -> impl Future<Output = Result<(V, Handle<T>), Error>> {
    // Before the first poll, since the future may be dropped before it.
    let mut starting = Starting { task: routine.abort_handle(), is_over: false };
    async move {
        if let Ok(value) = is_ready.await {
            starting.go_on();
            return Ok((value, routine));
        }
        let subject = routine.subject();
        Err(routine.await.err().unwrap_or_else(|| Error::never_started(subject)))
    }
}

/// Ends a routine whose starter is gone before it was ready.
struct Starting {
    task: Option<AbortHandle>,
    is_over: bool,
}

impl Starting {
    /// From here on it runs on without its starter.
    const fn go_on(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let (false, Some(task)) = (self.is_over, &self.task) {
            task.abort();
        }
    }
}
