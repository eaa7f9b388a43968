//! A blocking pool has threads of its own, and keeps a pool's promises as far as closures can.

use std::sync::mpsc;

use routine::pool::SubmitErrorKind;
use routine::{BlockingPool, Error, Pool};
use tokio::sync::oneshot;

fn pool(workers: usize, queue: usize) -> BlockingPool {
    Pool::builder("tested").workers(workers).queue(queue).build_blocking().unwrap()
}

#[test]
fn it_takes_no_thread_of_the_runtimes_own() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let pool = pool(2, 4);
        let (end, ends) = mpsc::channel::<()>();
        let held = pool.submit(move || ends.recv().map_err(|_| "gone")).await.unwrap();
        let name = pool.submit(|| Ok::<_, Error>(std::thread::current().name().map(str::to_owned))).await.unwrap();
        let name = name.await.unwrap().unwrap();
        assert!(name.starts_with("tested-"), "{name}");
        assert_eq!(tokio::task::spawn_blocking(|| 5).await.unwrap(), 5);
        end.send(()).unwrap();
        held.await.unwrap();
    });
}

#[tokio::test]
async fn jobs_are_routines_and_a_panic_costs_no_thread() {
    let pool = pool(1, 4);
    let panicked = pool.submit(|| panics()).await.unwrap();
    assert!(panicked.await.unwrap_err().is_panic());
    let named = pool.submit(|| Ok::<_, Error>(routine::current().unwrap().id())).await.unwrap();
    let id = named.id();
    assert_eq!(named.await.unwrap(), id);
    assert_eq!((pool.stats().panicked, pool.stats().completed), (1, 1));
}

fn panics() -> Result<(), Error> {
    panic!("on a thread")
}

#[tokio::test]
async fn what_runs_sees_that_it_is_aborted_and_what_waits_never_runs() {
    let pool = pool(1, 4);
    let (started, has_started) = oneshot::channel();
    let runs = pool
        .submit(|| {
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
            Ok::<_, Error>("seen")
        })
        .await
        .unwrap();
    has_started.await.unwrap();
    let waits = pool.submit(|| Ok::<_, Error>("ran")).await.unwrap();
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    runs.abort();
    assert_eq!(runs.await.unwrap(), "seen");
}

#[tokio::test]
async fn a_job_may_block_on_a_future_and_start_routines() {
    let pool = pool(1, 4);
    let runtime = tokio::runtime::Handle::current();
    let job = pool.submit(move || {
        let inner = routine::go(async { Ok::<_, Error>(3) });
        runtime.block_on(inner)
    });
    let handle = job.await.unwrap();
    assert_eq!(handle.await.unwrap(), 3);
}

#[tokio::test]
async fn it_is_bounded_and_closes() {
    let pool = pool(1, 0);
    let (end, ends) = mpsc::channel::<()>();
    let held = pool.submit(move || ends.recv().map_err(|_| "gone")).await.unwrap();
    let refused = pool.try_submit(|| Ok::<_, Error>(1)).unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Full);
    end.send(()).unwrap();
    held.await.unwrap();
    assert_eq!(pool.submit(refused.into_job()).await.unwrap().await.unwrap(), 1);
    pool.close().await;
    assert_eq!(pool.try_submit(|| Ok::<_, Error>(1)).unwrap_err().kind(), SubmitErrorKind::Closed);
}

#[tokio::test]
async fn a_closure_sees_that_its_pool_or_share_ends() {
    let pool = pool(2, 4);
    let share = pool.share("share", 1).unwrap();
    let mut jobs = Vec::new();
    for pool in [&pool, &share] {
        let (started, has_started) = oneshot::channel();
        let job = pool.submit(|| {
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
            Ok::<_, Error>("seen")
        });
        jobs.push(job.await.unwrap());
        has_started.await.unwrap();
    }
    let (own, theirs) = (jobs.remove(0), jobs.remove(0));
    drop(share);
    assert_eq!(theirs.await.unwrap(), "seen");
    assert!(!own.is_finished(), "it is none of the share's");
    drop(pool);
    assert_eq!(own.await.unwrap(), "seen");
}
