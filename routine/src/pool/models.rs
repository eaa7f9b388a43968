//! Models that loom runs through every order of, with workers, submitters and whoever changes the pool on threads of their own;
//! the command is in `registry/models.rs`.
//!
//! loom sees the pool's lock and flag. Its semaphore and its notices, which are tokio's, are one step each here.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use loom::thread;
use tokio::runtime::{self, Runtime};

use super::job::Body;
use super::shared::Shared;
use super::state::Job;
use crate::outcome::Outcome;
use crate::registry::Slot;

/// What became of the job of one model.
#[derive(Default)]
struct Fate {
    ran: AtomicU32,
    cancelled: AtomicU32,
    published: AtomicU32,
}

impl Fate {
    /// How often it ran, and was cancelled. It was told once.
    fn once(&self) -> (u32, u32) {
        assert_eq!(self.published.load(Ordering::SeqCst), 1, "a job is told once");
        (self.ran.load(Ordering::SeqCst), self.cancelled.load(Ordering::SeqCst))
    }
}

struct Tested(Arc<Fate>);

impl Body for Tested {
    fn poll(self: Pin<&mut Self>, is_over: bool, _: &mut Context<'_>) -> Poll<Outcome> {
        if is_over {
            self.cancel();
            return Poll::Ready(Outcome::Cancelled);
        }
        self.0.ran.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Outcome::Completed)
    }

    fn is_aborted(&self) -> bool {
        false
    }

    fn cancel(self: Pin<&mut Self>) {
        self.0.cancelled.fetch_add(1, Ordering::SeqCst);
    }

    fn publish(self: Pin<Box<Self>>) {
        self.0.published.fetch_add(1, Ordering::SeqCst);
    }
}

/// One that nothing is ever started on: the workers of a model are threads of loom.
fn runtime() -> runtime::Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let make = || runtime::Builder::new_current_thread().build().expect("a runtime");
    RUNTIME.get_or_init(make).handle().clone()
}

fn pool(workers: usize) -> Arc<Shared> {
    Shared::new("model".into(), workers, 4, runtime(), false)
}

/// Submits a job; `None` where the pool is closed.
fn submit(pool: &Arc<Shared>, id: u64) -> Option<Arc<Fate>> {
    pool.room.try_acquire().ok()?.forget();
    submit_with_place(pool, id)
}

/// Submits a job that has a place of the room. loom does not see the room, and so never stops anybody behind it.
fn submit_with_place(pool: &Arc<Shared>, id: u64) -> Option<Arc<Fate>> {
    if pool.admit(None).is_err() {
        pool.give_room();
        return None;
    }
    let fate = Arc::new(Fate::default());
    let body = Box::pin(Tested(Arc::clone(&fate)));
    // As long as the model, which makes few.
    let slot = Box::leak(Box::new(Slot::new()));
    pool.put(Job { id, slot, body, key: None, places: 1 });
    Some(fate)
}

fn drain(pool: &Arc<Shared>) {
    pool.refuse();
    pool.resume();
    loom::future::block_on(pool.drained());
}

/// The end of a model: its workers go, and the books balance.
fn end(pool: &Arc<Shared>, jobs: u64) {
    pool.kill();
    let stats = pool.stats();
    assert_eq!((stats.running, stats.waiting), (0, 0), "{stats:?}");
    assert_eq!(stats.completed + stats.cancelled, jobs, "{stats:?}");
    assert_eq!(stats.submitted, jobs, "{stats:?}");
}

fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

#[test]
fn what_two_submit_runs_once_each() {
    bounded(2, || {
        let pool = pool(1);
        let other = thread::spawn({
            let pool = Arc::clone(&pool);
            move || submit(&pool, 1)
        });
        let mine = submit(&pool, 2).unwrap();
        let theirs = other.join().unwrap().unwrap();
        drain(&pool);
        assert_eq!((mine.once(), theirs.once()), ((1, 0), (1, 0)));
        end(&pool, 2);
    });
}

#[test]
fn who_submits_while_it_closes_gets_the_job_back_or_is_waited_for() {
    bounded(2, || {
        let pool = pool(1);
        pool.room.try_acquire().unwrap().forget();
        let other = thread::spawn({
            let pool = Arc::clone(&pool);
            move || submit_with_place(&pool, 1)
        });
        drain(&pool);
        let before = pool.stats().completed;
        let submitted = other.join().unwrap();
        if let Some(fate) = &submitted {
            assert_eq!(fate.once(), (1, 0));
        }
        assert_eq!(before, u64::from(submitted.is_some()), "it was closed before its job had ended");
        end(&pool, before);
    });
}

#[test]
fn a_pool_that_ends_while_somebody_submits_runs_or_cancels_each_job_once() {
    bounded(2, || {
        let pool = pool(1);
        let mine = submit(&pool, 1).unwrap();
        let other = thread::spawn({
            let pool = Arc::clone(&pool);
            move || submit(&pool, 2)
        });
        pool.kill();
        let theirs = other.join().unwrap();
        loom::future::block_on(pool.drained());
        let fates: Vec<_> = [Some(mine), theirs].into_iter().flatten().collect();
        for fate in &fates {
            assert!(matches!(fate.once(), (1, 0) | (0, 1)), "{:?}", fate.once());
        }
        end(&pool, fates.len() as u64);
    });
}

#[test]
fn an_abort_and_a_worker_take_a_job_once() {
    bounded(2, || {
        let pool = pool(1);
        let fate = submit(&pool, 1).unwrap();
        pool.abort(1);
        drain(&pool);
        assert!(matches!(fate.once(), (1, 0) | (0, 1)), "{:?}", fate.once());
        end(&pool, 1);
    });
}

#[test]
fn a_pool_that_shrinks_and_grows_loses_no_job() {
    bounded(2, || {
        let pool = pool(2);
        let one = submit(&pool, 1).unwrap();
        let other = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.resize(1)
        });
        let two = submit(&pool, 2).unwrap();
        other.join().unwrap();
        drain(&pool);
        assert_eq!((one.once(), two.once()), ((1, 0), (1, 0)));
        assert_eq!(pool.stats().workers, 1);
        end(&pool, 2);
    });
}

#[test]
fn a_pool_that_pauses_and_resumes_loses_no_job() {
    bounded(2, || {
        let pool = pool(1);
        let other = thread::spawn({
            let pool = Arc::clone(&pool);
            move || {
                pool.pause();
                pool.resume();
            }
        });
        let one = submit(&pool, 1).unwrap();
        let two = submit(&pool, 2).unwrap();
        other.join().unwrap();
        drain(&pool);
        assert_eq!((one.once(), two.once()), ((1, 0), (1, 0)));
        end(&pool, 2);
    });
}

#[test]
fn a_job_of_a_share_and_one_of_its_pool_both_run() {
    bounded(2, || {
        let pool = pool(2);
        let share = Shared::share(&pool, "share".into(), 1);
        let other = thread::spawn({
            let share = Arc::clone(&share);
            move || submit(&share, 1).unwrap()
        });
        let own = submit(&pool, 2).unwrap();
        let theirs = other.join().unwrap();
        drain(&pool);
        assert_eq!((own.once(), theirs.once()), ((1, 0), (1, 0)));
        end(&share, 1);
        end(&pool, 1);
    });
}
