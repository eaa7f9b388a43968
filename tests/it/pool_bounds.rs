//! A pool runs so many jobs at once, holds so many more, and hands back what is too much.

use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt, poll};
use routine::pool::SubmitErrorKind;
use routine::{Error, Handle, Pool, RoutineState, snapshot};
use routine_tests::Drops;
use tokio::sync::{Barrier, Notify, oneshot};
use tokio::task::yield_now;

fn pool(workers: usize, queue: usize) -> Pool {
    Pool::builder("tested").workers(workers).queue(queue).build().unwrap()
}

/// A job that runs until it is told to end.
fn held(pool: &Pool) -> (oneshot::Sender<()>, Handle<()>) {
    let (end, ends) = oneshot::channel();
    let job = pool.try_submit(async move {
        let _ = ends.await;
    });
    (end, job.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_run_at_once_as_there_are_workers_and_no_more() {
    let pool = pool(4, 100);
    let barrier = Arc::new(Barrier::new(4));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut handles = Vec::new();
    for _ in 0..40 {
        let (barrier, running, most) = (Arc::clone(&barrier), Arc::clone(&running), Arc::clone(&most));
        let job = pool.submit(async move {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            barrier.wait().await;
            running.fetch_sub(1, SeqCst);
        });
        handles.push(job.await.unwrap());
    }
    for handle in handles {
        handle.await.unwrap();
    }
    assert_eq!(most.load(SeqCst), 4);
}

#[tokio::test]
async fn jobs_run_in_the_order_in_which_they_were_submitted() {
    let pool = pool(1, 100);
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..50 {
        let order = Arc::clone(&order);
        pool.submit(async move {
            yield_now().await;
            order.lock().unwrap().push(number);
        })
        .await
        .unwrap();
    }
    pool.close().await;
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_pool_hands_the_job_back_and_submit_waits_for_room() {
    let pool = pool(1, 1);
    let (end, running) = held(&pool);
    let (_, waiting) = held(&pool);
    let refused = pool.try_submit(async { Ok::<_, Error>(7) }).unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Full);
    assert_eq!(refused.to_string(), "the pool is full: wait with `submit`, or drop the job");
    let mut submitted = pin!(pool.submit(refused.into_job()));
    assert!(poll!(submitted.as_mut()).is_pending());
    end.send(()).unwrap();
    running.await.unwrap();
    waiting.await.unwrap();
    assert_eq!(submitted.await.unwrap().await.unwrap(), 7);
}

#[tokio::test]
async fn once_a_handle_has_given_its_result_there_is_room() {
    let pool = pool(1, 0);
    for number in 0..100 {
        let handle = pool.try_submit(async move { Ok::<_, Error>(number) }).unwrap();
        assert_eq!(handle.await.unwrap(), number);
    }
}

#[tokio::test]
async fn an_abandoned_submit_takes_no_place_and_loses_no_other() {
    let pool = pool(1, 0);
    let (end, running) = held(&pool);
    let drops = Drops::default();
    let guard = drops.guard();
    let mut abandoned = Box::pin(pool.submit(async move {
        let _guard = guard;
    }));
    let mut next = pin!(pool.submit(async { Ok::<_, Error>(1) }));
    assert!(poll!(abandoned.as_mut()).is_pending());
    assert!(poll!(next.as_mut()).is_pending());
    drop(abandoned);
    assert_eq!(drops.count(), 1);
    assert_eq!(pool.stats().submitted, 1, "it was never one of the pool's");
    end.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(next.await.unwrap().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn submit_within_waits_so_long_for_room() {
    let pool = pool(1, 0);
    let (end, running) = held(&pool);
    let started = tokio::time::Instant::now();
    let refused = pool.submit_within(Duration::from_secs(5), async { Ok::<_, Error>(1) }).await.unwrap_err();
    assert_eq!((refused.kind(), started.elapsed().as_secs()), (SubmitErrorKind::TimedOut, 5));
    let mut waits = pin!(pool.submit_within(Duration::from_secs(5), refused.into_job()));
    assert!(poll!(waits.as_mut()).is_pending());
    end.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(waits.await.unwrap().await.unwrap(), 1);
}

#[tokio::test]
async fn a_job_of_a_full_pool_gets_an_error_there_and_no_deadlock() {
    let pool = pool(1, 0);
    let inner = pool.clone();
    let job = pool.submit(async move {
        let refused = inner.submit(async {}).await.unwrap_err();
        assert_eq!(refused.kind(), SubmitErrorKind::OwnPool);
        assert!(
            refused.to_string().contains("a job that waits for room in its own pool may wait for ever"),
            "{refused}"
        );
        // A routine of its own may wait: it holds no worker.
        let again = inner.clone();
        routine::go(
            async move { again.submit(refused.into_job()).await.map(drop).map_err(|refused| refused.to_string()) },
        );
    });
    job.await.unwrap().await.unwrap();
    while pool.stats().completed < 2 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_job_of_a_pool_with_room_may_submit_to_it() {
    let pool = pool(1, 1);
    let inner = pool.clone();
    let job = pool.submit(async move { Ok::<_, Error>(inner.submit(async { Ok::<_, Error>(3) }).await.unwrap()) });
    assert_eq!(job.await.unwrap().await.unwrap().await.unwrap(), 3);
}

#[tokio::test]
async fn a_key_is_taken_while_its_job_waits_or_runs_and_free_afterwards() {
    let pool = pool(1, 10);
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let first = pool.submit_unique("key", async move { may_go_on.await }).await.unwrap();
    let other = pool.submit_unique("other", async { Err::<(), _>("fails") }).await.unwrap();
    yield_now().await;
    for key in ["key", "other"] {
        let refused = pool.submit_unique(key, async {}).await.unwrap_err();
        assert_eq!(refused.kind(), SubmitErrorKind::InFlight);
    }
    go_on.send(()).unwrap();
    first.await.unwrap();
    other.await.unwrap_err();
    for key in ["key", "other"] {
        pool.submit_unique(key, async {}).await.unwrap().await.unwrap();
    }
    assert_eq!(pool.stats().rejected, 2);
}

#[tokio::test]
async fn of_two_that_wait_with_one_key_one_runs() {
    let pool = pool(1, 0);
    let (end, running) = held(&pool);
    let (mut one, mut two) =
        (pin!(pool.submit_unique("key", pending::<()>())), pin!(pool.submit_unique("key", async {})));
    assert!(poll!(one.as_mut()).is_pending() && poll!(two.as_mut()).is_pending());
    end.send(()).unwrap();
    running.await.unwrap();
    let first = one.await.unwrap();
    assert!(poll!(two.as_mut()).is_pending(), "there is no room");
    first.abort();
    two.await.unwrap().await.unwrap();
}

#[tokio::test]
async fn jobs_are_routines_with_the_trace_of_whoever_submits_them() {
    let pool = pool(1, 10);
    let outside = routine::go(async move {
        let own = routine::trace::current().unwrap();
        let job = pool.submit(async { Ok::<_, Error>(routine::current().unwrap()) }).await.unwrap();
        let number = job.id();
        let current = job.await?;
        assert_eq!(current.id(), number);
        assert_eq!(current.parent(), routine::current().map(|current| current.id()));
        assert_eq!((current.trace().root(), current.trace().parent_segment()), (own.root(), Some(own.segment())));
        Ok::<_, Error>(())
    });
    outside.await.unwrap();
}

#[tokio::test]
async fn what_waits_is_queued_in_the_dump_and_what_runs_is_not() {
    let pool = pool(1, 10);
    let (end, running) = held(&pool);
    let (_end, waiting) = held(&pool);
    yield_now().await;
    let state = |handle: &Handle<()>| snapshot().get(handle.id()).unwrap().state();
    assert_eq!((state(&running), state(&waiting)), (RoutineState::Waiting, RoutineState::Queued));
    end.send(()).unwrap();
    running.await.unwrap();
    yield_now().await;
    assert_eq!(state(&waiting), RoutineState::Waiting);
}

#[tokio::test]
async fn a_worker_lets_other_tasks_run() {
    let pool = pool(1, 10_000);
    let turns = Arc::new(AtomicUsize::new(0));
    for _ in 0..10_000 {
        pool.try_submit(async {}).unwrap();
    }
    let counter = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counter.fetch_add(1, SeqCst);
            yield_now().await;
        }
    });
    pool.close().await;
    assert!(turns.load(SeqCst) >= 10, "{} turns beside ten thousand jobs", turns.load(SeqCst));
    other.abort();
}

#[tokio::test]
async fn handles_that_are_ready_let_other_tasks_run() {
    let pool = pool(1, 1_000);
    let mut handles: Vec<_> = (0..1_000).map(|_| pool.try_submit(async {}).unwrap()).collect();
    pool.close().await;
    let mut pauses = 0;
    while let Some(handle) = handles.last_mut() {
        match handle.now_or_never() {
            Some(result) => {
                result.unwrap();
                handles.pop();
            }
            None => {
                pauses += 1;
                yield_now().await;
            }
        }
    }
    assert!(pauses > 0, "tokio lets nobody take a thousand results in one turn");
}

#[test]
fn what_could_not_work_is_refused_with_a_text_that_names_the_fix() {
    let outside = Pool::builder("outside").workers(1).build().unwrap_err();
    assert_eq!(outside.to_string(), "no tokio runtime here: build the pool inside one");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    let none = Pool::builder("none").workers(0).build().unwrap_err();
    assert_eq!(none.to_string(), "a pool without a worker would never run anything: give it at least 1");
    let absurd = Pool::builder("absurd").workers(usize::MAX).build().unwrap_err();
    assert!(absurd.to_string().ends_with("workers: give it at most 16777216"), "{absurd}");
    let absurd = Pool::builder("absurd").queue(usize::MAX).build().unwrap_err();
    assert!(absurd.to_string().ends_with("jobs: give it at most 16777216"), "{absurd}");
    let share = pool(1, 1).share("share", 1).unwrap();
    assert_eq!(
        share.share("again", 1).unwrap_err().to_string(),
        "a share has no shares: take them from the pool itself"
    );
}

#[tokio::test]
async fn a_handle_may_be_polled_from_one_task_after_the_other() {
    let pool = pool(1, 1);
    let (end, mut running) = held(&pool);
    assert!(poll!(&mut running).is_pending());
    let woken = Arc::new(Notify::new());
    let waits = tokio::spawn({
        let woken = Arc::clone(&woken);
        async move {
            let mut polled = false;
            poll_fn(|cx| {
                if !std::mem::replace(&mut polled, true) {
                    woken.notify_one();
                }
                std::pin::Pin::new(&mut running).poll(cx)
            })
            .await
        }
    });
    woken.notified().await;
    end.send(()).unwrap();
    waits.await.unwrap().unwrap();
}
