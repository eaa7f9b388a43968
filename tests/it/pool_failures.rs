//! Whatever a job does, it costs no worker, and is counted once.

use std::future::pending;
use std::sync::Arc;

use routine::{Error, Outcome, Pool};
use routine_tests::{Drops, capture, records};
use tokio::sync::{Barrier, Notify};
use tokio::task::yield_now;

fn pool(workers: usize) -> Pool {
    Pool::builder("tested").workers(workers).queue(20_000).build().unwrap()
}

#[tokio::test]
async fn ten_panics_on_two_workers_are_ten_panics() {
    let pool = pool(2);
    let mut handles = Vec::new();
    for number in 0..10 {
        handles.push(pool.submit(async move { panics(number) }).await.unwrap());
    }
    for handle in handles {
        assert!(handle.await.unwrap_err().is_panic());
    }
    assert_eq!(pool.submit(async { Ok::<_, Error>(1) }).await.unwrap().await.unwrap(), 1);
    assert_eq!((pool.stats().panicked, pool.stats().completed), (10, 1));
}

fn panics(number: i32) -> Result<(), Error> {
    panic!("job {number}")
}

#[tokio::test]
async fn ten_thousand_failures_on_two_workers_are_all_told() {
    let pool = pool(2);
    let mut handles = Vec::new();
    for number in 0..10_000 {
        handles
            .push(pool.submit(async move { Err::<(), _>(std::io::Error::other(number.to_string())) }).await.unwrap());
    }
    for (number, handle) in handles.into_iter().enumerate() {
        assert!(handle.await.unwrap_err().to_string().ends_with(&format!("failed: {number}")));
    }
    assert_eq!(pool.stats().failed, 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_workers_may_panic_at_once() {
    let pool = pool(4);
    let barrier = Arc::new(Barrier::new(4));
    let mut handles = Vec::new();
    for _ in 0..4 {
        let barrier = Arc::clone(&barrier);
        let job = pool.submit(async move {
            barrier.wait().await;
            panics(0)
        });
        handles.push(job.await.unwrap());
    }
    for handle in handles {
        assert!(handle.await.unwrap_err().is_panic());
    }
    pool.submit(async {}).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn an_aborted_job_gives_its_place_and_its_worker_back() {
    let pool = pool(1);
    let drops = Drops::default();
    let (one, two) = (drops.guard(), drops.guard());
    let started = Arc::new(Notify::new());
    let running = pool
        .submit({
            let started = Arc::clone(&started);
            async move {
                let _guard = one;
                started.notify_one();
                pending::<()>().await;
            }
        })
        .await
        .unwrap();
    let waiting = pool
        .submit(async move {
            let _guard = two;
        })
        .await
        .unwrap();
    started.notified().await;
    waiting.abort();
    assert_eq!(drops.count(), 1, "what waits goes at once");
    assert!(waiting.is_finished());
    running.abort();
    for handle in [running, waiting] {
        let error = handle.await.unwrap_err();
        assert_eq!(error.outcome(), Some(Outcome::Cancelled));
    }
    assert_eq!(drops.count(), 2);
    pool.submit(async {}).await.unwrap().await.unwrap();
    assert_eq!((pool.stats().cancelled, pool.stats().completed), (2, 1));
}

#[tokio::test]
async fn a_job_that_ended_is_left_as_it_is_by_an_abort() {
    let pool = pool(1);
    let handle = pool.submit(async { Ok::<_, Error>(5) }).await.unwrap();
    while !handle.is_finished() {
        yield_now().await;
    }
    handle.abort();
    assert_eq!(handle.await.unwrap(), 5);
}

#[tokio::test]
async fn a_job_may_be_asked_to_stop() {
    let pool = pool(1);
    let handle = pool
        .submit(async {
            routine::cancelled().await;
            Ok::<_, Error>("cleaned up")
        })
        .await
        .unwrap();
    yield_now().await;
    handle.cancel();
    assert_eq!(handle.await.unwrap(), "cleaned up");
}

#[tokio::test]
async fn a_failure_is_reported_when_it_happens() {
    capture();
    let pool = pool(1);
    let handle = pool.submit(async { Err::<(), _>("no space") }).await.unwrap();
    let root = handle.trace().root();
    drop(handle);
    pool.close().await;
    let records = records(root);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].field("exception.message"), "no space");
}

#[tokio::test]
async fn what_panics_while_it_is_dropped_costs_no_worker() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "dropped");
        }
    }
    capture();
    let pool = pool(1);
    let handle = pool
        .submit(async {
            let _bomb = Bomb;
            pending::<()>().await;
        })
        .await
        .unwrap();
    yield_now().await;
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    // Nobody waits for this value, which its worker drops.
    drop(pool.submit(async { Ok::<_, Error>(Bomb) }).await.unwrap());
    pool.submit(async {}).await.unwrap().await.unwrap();
}
