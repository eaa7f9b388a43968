//! What runs the jobs of a pool.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::task::coop;

use super::job::Body;
use super::shared::Shared;
use super::turns::Stance;
use crate::outcome::Outcome;
use crate::panic;
use crate::shutdown;

/// Makes a worker that holds a turn.
pub(super) fn spawn(pool: &Arc<Shared>, number: usize) {
    let work = work(Worker { pool: Arc::clone(pool), stance: Stance::with_a_turn(number), stage: Stage::Made });
    #[cfg(routine_loom)]
    drop(loom::thread::spawn(move || loom::future::block_on(work)));
    #[cfg(not(routine_loom))]
    if pool.runs_on_threads() {
        spawn_thread(pool, number, work);
    } else {
        pool.runtime().spawn(work);
    }
}

#[cfg_attr(routine_loom, allow(dead_code))]
fn spawn_thread(pool: &Shared, number: usize, work: impl Future<Output = ()> + Send + 'static) {
    let runtime = pool.runtime().clone();
    let run = move || {
        let _inside = runtime.enter();
        block_on(work);
    };
    #[cfg(all(test, not(routine_loom)))]
    if super::tests::are_no_threads_left() {
        return;
    }
    // A thread's name cannot hold what would end it.
    let name = format!("{}-{number}", pool.name()).replace('\0', " ");
    // Where the system gives no more threads, the worker is dropped as it is.
    let _ = thread::Builder::new().name(name).spawn(run);
}

/// A worker, which is counted as long as it is there.
struct Worker {
    pool: Arc<Shared>,
    stance: Stance,
    stage: Stage,
}

/// How far a worker has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Made,
    /// It was polled.
    Begun,
    Over,
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Of those on threads, only the ones that got none are dropped before they were polled.
        if self.stage == Stage::Made && self.pool.runs_on_threads() && self.pool.forgo(&self.stance) {
            return;
        }
        self.pool.leave(&mut self.stance);
        // Only the end of its runtime drops a worker before it has ended.
        if self.stage != Stage::Over {
            self.pool.kill();
        }
    }
}

/// A job that has ended. What it ended in is handed over at the latest when this is dropped, with its worker.
struct Ran {
    body: Option<Pin<Box<dyn Body>>>,
    share: Option<Arc<Shared>>,
}

impl Ran {
    /// Hands over what it ended in, of which its pool has heard.
    fn hand_over(mut self, pool: &Arc<Shared>) {
        let share = self.share.take();
        drop(self);
        share.as_ref().unwrap_or(pool).told();
    }
}

impl Drop for Ran {
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            panic::swallow(|| body.publish());
        }
    }
}

async fn work(mut worker: Worker) {
    worker.stage = Stage::Begun;
    // What has ended, and nobody knows yet but the worker: its pool hears of it first.
    let mut ran: Option<Ran> = None;
    loop {
        let run = poll_fn(|cx| {
            let run = worker.pool.poll_run(&mut worker.stance, cx);
            if let Some(ran) = ran.take() {
                ran.hand_over(&worker.pool);
            }
            run
        });
        let Some(mut body) = run.await else { break };
        let share = worker.stance.share().cloned();
        let is_killed = || worker.pool.is_killed() || share.as_ref().is_some_and(|share| share.is_killed());
        // One that waits for the shutdown outlives its pool.
        let is_over = || is_killed() && !shutdown::is_exempt(worker.stance.job());
        let outcome = poll_fn(|cx| {
            if body.is_aborted() || is_over() {
                panic::swallow(|| body.as_mut().cancel());
                return Poll::Ready(Outcome::Cancelled);
            }
            body.as_mut().poll(cx)
        });
        let outcome = outcome.await;
        worker.stance.end(outcome);
        let ended = Ran { body: Some(body), share };
        if coop::has_budget_remaining() {
            ran = Some(ended);
        } else {
            // Whoever waits for it would wait for all that runs before this worker's next turn.
            worker.pool.settle(&mut worker.stance);
            ended.hand_over(&worker.pool);
        }
        // A pool that always has jobs would otherwise never let another task of its thread run.
        coop::consume_budget().await;
    }
    worker.stage = Stage::Over;
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
