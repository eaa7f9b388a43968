//! Models that loom runs through every order of, with workers, submitters and whoever changes the pool on threads of their own;
//! the command is in `registry/models.rs`.
//!
//! loom sees the pool's lock and flags. Its notices, which are tokio's, are one step each here.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use loom::thread::{self, JoinHandle};
use tokio::runtime::{self, Runtime};

use super::job::{Body, Undone};
use super::seek::Seeker;
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

/// A job that runs to its end at once, or one that waits until it is to end.
struct Tested {
    fate: Arc<Fate>,
    waits: bool,
}

impl Body for Tested {
    fn poll(self: Pin<&mut Self>, end: Option<Undone>, _: &mut Context<'_>) -> Poll<Outcome> {
        if let Some(why) = end {
            self.cancel(why);
            return Poll::Ready(Outcome::Cancelled);
        }
        if self.waits {
            return Poll::Pending;
        }
        self.fate.ran.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Outcome::Completed)
    }

    fn is_abandoned(&self) -> bool {
        false
    }

    fn cancel(self: Pin<&mut Self>, _: Undone) {
        self.fate.cancelled.fetch_add(1, Ordering::SeqCst);
    }

    fn publish(self: Pin<Box<Self>>) {
        self.fate.published.fetch_add(1, Ordering::SeqCst);
    }
}

/// One that nothing is ever started on: the workers of a model are threads of loom.
fn runtime() -> runtime::Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let make = || runtime::Builder::new_current_thread().build().expect("a runtime");
    RUNTIME.get_or_init(make).handle().clone()
}

fn pool(workers: usize) -> Arc<Shared> {
    pool_with(workers, 4)
}

fn pool_with(workers: usize, queue: usize) -> Arc<Shared> {
    Shared::new("model".into(), workers, queue, runtime(), false)
}

/// Submits a job; `None` where the pool is closed.
fn submit(pool: &Arc<Shared>, id: u64) -> Option<Arc<Fate>> {
    pool.admit(None).ok()?;
    Some(put(pool, id))
}

/// Submits a job, and waits for room.
fn submit_and_wait(pool: &Arc<Shared>, id: u64) -> Option<Arc<Fate>> {
    let mut seeker = Seeker::new(pool);
    loom::future::block_on(poll_fn(|cx| seeker.poll(None, cx))).ok()?;
    Some(put(pool, id))
}

/// Submits a job that ends only when it is to.
fn submit_waiting(pool: &Arc<Shared>, id: u64) -> Option<Arc<Fate>> {
    pool.admit(None).ok()?;
    Some(put_as(pool, id, true))
}

/// Puts a job in that was admitted.
fn put(pool: &Arc<Shared>, id: u64) -> Arc<Fate> {
    put_as(pool, id, false)
}

fn put_as(pool: &Arc<Shared>, id: u64, waits: bool) -> Arc<Fate> {
    let fate = Arc::new(Fate::default());
    let body = Box::pin(Tested { fate: Arc::clone(&fate), waits });
    // As long as the model, which makes few.
    let slot = Box::leak(Box::new(Slot::new()));
    pool.put(Job { id, slot, body, key: None, places: 1 });
    fate
}

/// Does something on a thread of its own.
fn beside<R: 'static>(pool: &Arc<Shared>, what: impl FnOnce(&Arc<Shared>) -> R + 'static) -> JoinHandle<R> {
    let pool = Arc::clone(pool);
    thread::spawn(move || what(&pool))
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
        let other = beside(&pool, |pool| submit(pool, 1));
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
        let other = beside(&pool, |pool| submit(pool, 1));
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
fn who_waits_for_room_gets_the_place_of_a_job_that_ends() {
    bounded(2, || {
        let pool = pool_with(1, 0);
        let first = submit(&pool, 1).unwrap();
        let other = beside(&pool, |pool| submit_and_wait(pool, 2));
        let mine = submit_and_wait(&pool, 3).unwrap();
        let theirs = other.join().unwrap().unwrap();
        drain(&pool);
        assert_eq!([first, mine, theirs].map(|fate| fate.once()), [(1, 0); 3]);
        end(&pool, 3);
    });
}

/// Submits a job that is made before the pool is asked.
fn submit_made(pool: &Arc<Shared>, id: u64) -> Option<Arc<Fate>> {
    let fate = Arc::new(Fate::default());
    let slot = Box::leak(Box::new(Slot::new()));
    let body = Box::new(Tested { fate: Arc::clone(&fate), waits: false });
    pool.admit_and_put(id, slot, body).ok()?;
    Some(fate)
}

#[test]
fn of_two_jobs_that_were_made_for_one_place_each_runs_or_is_handed_back() {
    bounded(2, || {
        let pool = pool_with(1, 0);
        let other = beside(&pool, |pool| submit_made(pool, 1));
        let mine = submit_made(&pool, 2);
        let theirs = other.join().unwrap();
        drain(&pool);
        let fates: Vec<_> = [mine, theirs].into_iter().flatten().collect();
        assert!(!fates.is_empty(), "the first finds room");
        assert!(fates.iter().all(|fate| fate.once() == (1, 0)));
        end(&pool, fates.len() as u64);
    });
}

#[test]
fn a_job_that_was_made_while_the_pool_ends_runs_or_is_cancelled_or_handed_back() {
    bounded(2, || {
        let pool = pool(1);
        let other = beside(&pool, |pool| submit_made(pool, 1));
        pool.kill();
        let theirs = other.join().unwrap();
        loom::future::block_on(pool.drained());
        if let Some(fate) = &theirs {
            assert!(matches!(fate.once(), (1, 0) | (0, 1)), "{:?}", fate.once());
        }
        end(&pool, u64::from(theirs.is_some()));
    });
}

#[test]
fn who_goes_while_a_place_is_given_to_it_leaves_it_to_the_next() {
    bounded(2, || {
        let pool = pool_with(1, 0);
        let first = submit(&pool, 1).unwrap();
        let other = beside(&pool, |pool| {
            let mut seeker = Seeker::new(pool);
            let mut cx = Context::from_waker(Waker::noop());
            match seeker.poll(None, &mut cx) {
                Poll::Ready(admitted) => {
                    admitted.unwrap();
                    Some(put(pool, 2))
                }
                Poll::Pending => None,
            }
        });
        let mine = submit_and_wait(&pool, 3).unwrap();
        let theirs = other.join().unwrap();
        drain(&pool);
        let fates: Vec<_> = [Some(first), Some(mine), theirs].into_iter().flatten().collect();
        assert!(fates.iter().all(|fate| fate.once() == (1, 0)));
        end(&pool, fates.len() as u64);
    });
}

#[test]
fn who_waits_for_room_hears_that_the_pool_closes() {
    bounded(2, || {
        let pool = pool_with(1, 0);
        let first = submit(&pool, 1).unwrap();
        let other = beside(&pool, |pool| submit_and_wait(pool, 2));
        drain(&pool);
        let before = pool.stats().completed;
        let theirs = other.join().unwrap();
        assert_eq!((first.once(), theirs.as_ref().map(|fate| fate.once())), ((1, 0), theirs.as_ref().map(|_| (1, 0))));
        assert_eq!(before, 1 + u64::from(theirs.is_some()), "it was closed before its job had ended");
        end(&pool, before);
    });
}

#[test]
fn a_pool_that_ends_while_somebody_submits_runs_or_cancels_each_job_once() {
    bounded(2, || {
        let pool = pool(1);
        let mine = submit(&pool, 1).unwrap();
        let other = beside(&pool, |pool| submit(pool, 2));
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
fn an_abort_reaches_a_job_wherever_it_is_on_its_way() {
    bounded(2, || {
        let pool = pool(1);
        let fate = submit_waiting(&pool, 1).unwrap();
        pool.abort(1);
        drain(&pool);
        assert_eq!(fate.once(), (0, 1));
        end(&pool, 1);
    });
}

#[test]
fn an_abort_reaches_a_job_of_a_share_wherever_it_is_on_its_way() {
    bounded(2, || {
        let pool = pool(1);
        let share = Shared::share(&pool, "share".into(), 1);
        let fate = submit_waiting(&share, 1).unwrap();
        share.abort(1);
        drain(&share);
        assert_eq!(fate.once(), (0, 1));
        end(&share, 1);
        end(&pool, 0);
    });
}

#[test]
fn a_pool_that_shrinks_and_grows_loses_no_job() {
    bounded(2, || {
        let pool = pool(2);
        let one = submit(&pool, 1).unwrap();
        let other = beside(&pool, |pool| pool.resize(1));
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
        let other = beside(&pool, |pool| {
            pool.pause();
            pool.resume();
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
        let other = beside(&share, |share| submit(share, 1).unwrap());
        let own = submit(&pool, 2).unwrap();
        let theirs = other.join().unwrap();
        drain(&pool);
        assert_eq!((own.once(), theirs.once()), ((1, 0), (1, 0)));
        end(&share, 1);
        end(&pool, 1);
    });
}
