//! Blocking pools on a system that gives them no more threads.

use std::cell::Cell;
use std::sync::mpsc::{self, Sender};

use tokio::sync::oneshot;

use super::{BlockingPool, Pool, SubmitErrorKind};
use crate::error::Error;
use crate::handle::Handle;

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
