//! What runs the jobs of a pool.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::thread::{self, Thread};

use tokio::task::coop;

use super::shared::Shared;
use super::turns::Stance;

/// Makes a worker that holds a turn.
pub(super) fn spawn(pool: &Arc<Shared>, number: usize) {
    let mut worker = Worker { pool: Arc::clone(pool), stance: Stance::with_a_turn(number), stage: Stage::Made };
    let work = poll_fn(move |cx| worker.poll(cx));
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
    /// It looks for its next job.
    Looks,
    Runs,
    /// It has run a job, and lets others of its thread run before the next, where it has run many.
    Yields,
    Over,
}

impl Worker {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { pool, stance, stage } = self;
        // One stage after the other, which is the way of nearly every job: a `match` jumps by a table, twice a job.
        loop {
            if *stage == Stage::Runs {
                ready!(stance.poll_job(pool, cx));
                *stage = Stage::Yields;
            }
            if *stage == Stage::Yields {
                let Poll::Ready(budget) = coop::poll_proceed(cx) else {
                    // Whoever waits for it would wait for all that runs before this worker's next turn.
                    pool.settle(stance);
                    return Poll::Pending;
                };
                budget.made_progress();
            }
            if *stage == Stage::Over {
                return Poll::Ready(());
            }
            *stage = Stage::Looks;
            *stage = if ready!(pool.poll_run(stance, cx)) { Stage::Runs } else { Stage::Over };
        }
    }
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
