//! The thread of the library, with a runtime of its own: a runtime of the application that is blocked, starved, or gone can
//! delay neither a signal nor a deadline.

use std::future::{Future, pending};
use std::io;
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::panic;

static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// Runs a future on the thread of the library, which is started if it is not there.
///
/// # Errors
/// Where the system gives no more threads.
pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    runtime()?.spawn(future);
    Ok(())
}

/// The runtime of the library, on its thread.
///
/// # Errors
/// As [`spawn`].
pub(super) fn runtime() -> io::Result<&'static Handle> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    // Of two who come at once each starts a thread, and one of those has nothing to do.
    let started = start()?;
    Ok(RUNTIME.get_or_init(|| started))
}

/// Runs what may block, or panic, on a thread of its own, and waits for it, for `time` at most: the thread of the library has
/// signals to listen to. Whether it ended in that time.
pub(super) async fn aside(name: &str, time: Duration, work: impl FnOnce() + Send + 'static) -> bool {
    let (tell, told) = oneshot::channel();
    let work = move || {
        panic::swallow(work);
        let _ = tell.send(());
    };
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started.is_ok() && tokio::time::timeout(time, told).await.is_ok()
}

fn start() -> io::Result<Handle> {
    let (tell, told) = mpsc::sync_channel(1);
    thread::Builder::new().name("routine-shutdown".to_owned()).spawn(move || {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        let _ = tell.send(Ok(runtime.handle().clone()));
        runtime.block_on(pending::<()>());
    })?;
    told.recv().unwrap_or_else(|_| Err(io::Error::other("the thread ended before it had a runtime")))
}
