//! What needs a look inside a pool: a system that gives no more threads, room that only seems to be there, aborts that are kept.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::sync::mpsc::{self, Sender};
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;

use super::{BlockingPool, Pool, SubmitErrorKind};
use crate::error::Error;
use crate::handle::Handle;
use crate::inspect;
use crate::shutdown;
use crate::sync::Ordering;
use crate::thread;

thread_local! {
    static NO_THREADS: Cell<bool> = const { Cell::new(false) };
}

/// Whether what this thread starts on threads gets none.
pub(super) fn are_no_threads_left() -> bool {
    NO_THREADS.get()
}

fn pool(workers: usize) -> BlockingPool {
    Pool::builder("tested").workers(workers).queue(10).build_blocking().unwrap()
}

/// A job that holds its thread until it is let go, once it does so.
async fn held(pool: &BlockingPool) -> (Sender<()>, Handle<()>) {
    let (end, ends) = mpsc::channel::<()>();
    let (begins, has_begun) = oneshot::channel();
    let job = pool.try_submit(move || {
        begins.send(()).unwrap();
        ends.recv().map_err(|_| "gone")
    });
    has_begun.await.unwrap();
    (end, job.unwrap())
}

fn submit(pool: &BlockingPool, number: u8) -> Handle<u8> {
    pool.try_submit(move || Ok::<_, Error>(number)).unwrap()
}

#[tokio::test]
async fn jobs_wait_for_the_threads_that_there_are() {
    let pool = pool(3);
    let (end, held) = held(&pool).await;
    NO_THREADS.set(true);
    let jobs = [1, 2, 3].map(|number| submit(&pool, number));
    pool.resize(5).unwrap();
    pool.pause();
    pool.resume();
    assert_eq!((pool.stats().running, pool.stats().waiting), (1, 3));
    end.send(()).unwrap();
    held.await.unwrap();
    for (job, number) in jobs.into_iter().zip(1..) {
        assert_eq!(job.await.unwrap(), number);
    }
    pool.close().await;
    assert_eq!((pool.stats().completed, pool.stats().cancelled), (4, 0));
}

#[tokio::test]
async fn each_job_that_is_submitted_tries_again() {
    let pool = pool(2);
    let (end, held) = held(&pool).await;
    NO_THREADS.set(true);
    let waits = submit(&pool, 1);
    assert_eq!(pool.stats().waiting, 1);
    NO_THREADS.set(false);
    assert_eq!(submit(&pool, 2).await.unwrap(), 2);
    assert_eq!(waits.await.unwrap(), 1, "while the first thread is held");
    end.send(()).unwrap();
    held.await.unwrap();
}

#[tokio::test]
async fn what_is_submitted_goes_to_a_thread_that_is_idle() {
    let pool = pool(2);
    let (end, held) = held(&pool).await;
    NO_THREADS.set(true);
    let waits = submit(&pool, 1);
    end.send(()).unwrap();
    held.await.unwrap();
    waits.await.unwrap();
    assert_eq!(submit(&pool, 2).await.unwrap(), 2);
}

#[tokio::test]
async fn a_pool_that_gets_no_thread_at_all_is_over() {
    let pool = pool(2);
    NO_THREADS.set(true);
    assert!(submit(&pool, 1).await.unwrap_err().is_cancelled());
    let refused = pool.try_submit(|| Ok::<_, Error>(2)).unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Closed);
    pool.close().await;
}

/// A pool of one worker that runs a job and has no room for a second, but seems to.
fn full(held: oneshot::Receiver<()>) -> (Pool, Handle<()>) {
    let pool = Pool::builder("full").workers(1).queue(0).build().unwrap();
    let job = pool.try_submit(async { held.await.map_err(|_| "gone") }).unwrap();
    pool.shared().has_room.store(true, Ordering::Relaxed);
    (pool, job)
}

fn rows_of(name: &str) -> usize {
    inspect::snapshot().routines().filter(|row| row.name().contains(name)).count()
}

async fn waits_for_its_turn() -> Result<u8, Error> {
    tokio::task::yield_now().await;
    Ok(7)
}

#[tokio::test]
async fn who_finds_no_room_where_some_seemed_to_be_waits_with_the_job() {
    let (end, held) = oneshot::channel();
    let (pool, job) = full(held);
    let rejected = thread::rejected();
    let mut second = pin!(pool.submit(waits_for_its_turn()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    assert_eq!(rows_of("waits_for_its_turn"), 0, "it is no routine before it is in the pool");
    assert_eq!((pool.stats().submitted, pool.stats().rejected), (1, 0));
    assert_eq!(thread::rejected(), rejected, "nothing was refused");
    end.send(()).unwrap();
    job.await.unwrap();
    let Poll::Ready(second) = second.poll(&mut cx) else { panic!("there is room for it") };
    assert_eq!(second.unwrap().await.unwrap(), 7);
    assert_eq!((pool.stats().submitted, pool.stats().completed), (2, 2));
}

#[tokio::test]
async fn who_finds_a_pool_closed_that_seemed_to_have_room_gets_the_job_back() {
    let (end, held) = oneshot::channel();
    let (pool, job) = full(held);
    end.send(()).unwrap();
    job.await.unwrap();
    pool.close().await;
    pool.shared().has_room.store(true, Ordering::Relaxed);
    let refused = pool.submit(waits_for_its_turn()).await.unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Closed);
    assert_eq!(rows_of("waits_for_its_turn"), 0);
    assert_eq!(refused.into_job().await.unwrap(), 7);
    assert_eq!((pool.stats().submitted, pool.stats().rejected), (2, 1));
}

#[tokio::test]
async fn what_was_asked_of_a_job_is_kept_once_and_not_beyond_its_end() {
    let pool = pool(1);
    let share = pool.share("share", 1).unwrap();
    let (end, held) = held(&share).await;
    let asked = || [&pool, &share].map(|pool| pool.shared().state().asked.len());
    for _ in 0..3 {
        held.abort();
    }
    assert_eq!(asked(), [0, 1]);
    // As it is where both have the same mark.
    pool.shared().abort(held.id().get());
    assert_eq!(asked(), [1, 1]);
    end.send(()).unwrap();
    held.await.unwrap();
    share.close().await;
    assert_eq!(asked(), [0, 0]);
}

#[tokio::test]
async fn an_abort_reaches_a_job_that_outlives_the_last_handle_of_its_pool() {
    let pool = Pool::builder("gone").workers(1).build().unwrap();
    let job = pool.try_submit(pending::<Result<(), Error>>()).unwrap();
    tokio::task::yield_now().await;
    // As one that waits for the shutdown.
    shutdown::exempt(job.id().get());
    drop(pool);
    tokio::task::yield_now().await;
    assert!(!job.is_finished());
    job.cancel();
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
}
