//! What runs the jobs of a pool.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::job::Body;
use super::shared::Shared;
use super::turns::Stance;
use crate::outcome::Outcome;
use crate::panic;

/// Makes a worker that holds a turn.
pub(super) fn spawn(pool: &Arc<Shared>, number: usize) {
    let work = work(Worker { pool: Arc::clone(pool), stance: Stance::with_a_turn(number), is_over: false });
    if !pool.runs_on_threads() {
        pool.runtime().spawn(work);
        return;
    }
    let runtime = pool.runtime().clone();
    let run = move || {
        let _inside = runtime.enter();
        block_on(work);
    };
    // Where the system gives no more threads, the worker is dropped, and its pool is over.
    let _ = thread::Builder::new().name(format!("{}-{number}", pool.name())).spawn(run);
}

/// A worker, which is counted as long as it is there.
struct Worker {
    pool: Arc<Shared>,
    stance: Stance,
    is_over: bool,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.pool.leave(&mut self.stance);
        // Only the end of its runtime drops a worker before it has ended.
        if !self.is_over {
            self.pool.kill();
        }
    }
}

async fn work(mut worker: Worker) {
    // What has ended, and nobody knows yet but the worker: its pool hears of it first.
    let mut ran: Option<Pin<Box<dyn Body>>> = None;
    loop {
        let run = poll_fn(|cx| {
            let run = worker.pool.poll_run(&mut worker.stance, cx);
            if let Some(body) = ran.take() {
                panic::swallow(|| body.publish());
            }
            run
        });
        let Some(mut body) = run.await else { break };
        let (pool, stance) = (&worker.pool, &worker.stance);
        let outcome = poll_fn(|cx| {
            if body.is_aborted() || pool.is_killed() || stance.is_share_killed() {
                panic::swallow(|| body.as_mut().cancel());
                return Poll::Ready(Outcome::Cancelled);
            }
            body.as_mut().poll(cx)
        });
        let outcome = outcome.await;
        worker.stance.end(outcome);
        ran = Some(body);
        // A pool that always has jobs would otherwise never let another task of its thread run.
        tokio::task::consume_budget().await;
    }
    worker.is_over = true;
}

/// Runs a future on this thread, without a runtime of its own: so that a job may block on another future, as it may on the
/// threads of tokio's pool.
fn block_on(future: impl Future<Output = ()>) {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    while future.as_mut().poll(&mut cx).is_pending() {
        thread::park();
    }
}
