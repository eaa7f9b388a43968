//! What the suites of other libraries assert of pools, and no other file here does.

use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::poll;
use routine::pool::{Left, SubmitErrorKind};
use routine::{Error, Handle, Pool};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::yield_now;

fn pool(workers: usize, queue: usize) -> Pool {
    Pool::builder("tested").workers(workers).queue(queue).build().unwrap()
}

/// Jobs that run until they are let go, and how many of them run.
#[derive(Clone)]
struct Held {
    running: Arc<AtomicUsize>,
    go: Arc<Semaphore>,
}

impl Held {
    fn new() -> Self {
        Self { running: Arc::new(AtomicUsize::new(0)), go: Arc::new(Semaphore::new(0)) }
    }

    fn job(&self) -> impl Future<Output = ()> + Send + 'static {
        let held = self.clone();
        async move {
            held.running.fetch_add(1, SeqCst);
            held.go.acquire().await.unwrap().forget();
            held.running.fetch_sub(1, SeqCst);
        }
    }

    fn submit(&self, pool: &Pool) -> Handle<()> {
        pool.try_submit(self.job()).unwrap()
    }

    fn let_go(&self, jobs: usize) {
        self.go.add_permits(jobs);
    }

    /// How many run, once all have run that may.
    async fn running(&self) -> usize {
        for _ in 0..50 {
            yield_now().await;
        }
        self.running.load(SeqCst)
    }
}

/// Why the pool takes no job.
fn refusal(pool: &Pool) -> SubmitErrorKind {
    pool.try_submit(async {}).unwrap_err().kind()
}

#[tokio::test]
async fn those_who_wait_for_room_are_served_in_their_order_and_nobody_passes_them() {
    let pool = pool(1, 0);
    let held = Held::new();
    let running = held.submit(&pool);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in 0..4 {
        let order = Arc::clone(&order);
        let mut submitted = Box::pin(pool.submit(async move { order.lock().unwrap().push(number) }));
        assert!(poll!(submitted.as_mut()).is_pending());
        waiting.push(submitted);
    }
    held.let_go(1);
    running.await.unwrap();
    assert_eq!(refusal(&pool), SubmitErrorKind::Full, "the free place is the first one's");
    // Asked in another order than they came.
    for submitted in join_all(waiting.into_iter().rev()).await {
        submitted.unwrap().await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn those_who_wait_for_room_go_on_when_the_pool_grows() {
    let pool = pool(2, 0);
    let held = Held::new();
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(Box::pin(pool.submit(held.job())));
    }
    let mut submitted = pin!(join_all(waiting));
    assert!(poll!(submitted.as_mut()).is_pending());
    assert_eq!(held.running().await, 2);
    pool.resize(5).unwrap();
    assert_eq!(submitted.await.len(), 5);
    assert_eq!(held.running().await, 5);
    held.let_go(5);
    pool.close().await;
    assert_eq!((pool.stats().completed, pool.stats().rejected), (5, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_pool_closes_each_job_has_run_or_is_handed_back() {
    for _ in 0..20 {
        let pool = pool(4, 16);
        let ran = Arc::new(AtomicUsize::new(0));
        let submitters = [(); 4].map(|()| {
            let (pool, ran) = (pool.clone(), Arc::clone(&ran));
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let ran = Arc::clone(&ran);
                    let job = pool.submit(async move {
                        yield_now().await;
                        ran.fetch_add(1, SeqCst);
                    });
                    match job.await {
                        Ok(handle) => taken.push(handle),
                        Err(refused) => {
                            assert_eq!(refused.kind(), SubmitErrorKind::Closed);
                            return taken;
                        }
                    }
                }
            })
        });
        while pool.stats().completed < 100 {
            yield_now().await;
        }
        pool.close().await;
        let ran = ran.load(SeqCst);
        let mut taken = 0;
        for submitter in submitters {
            for handle in submitter.await.unwrap() {
                assert!(handle.is_finished(), "it was taken, and the close did not wait for it");
                handle.await.unwrap();
                taken += 1;
            }
        }
        assert_eq!(ran, taken);
        let (taken, stats) = (u64::try_from(taken).unwrap(), pool.stats());
        assert_eq!((stats.submitted, stats.completed, stats.rejected), (taken + 4, taken, 4));
    }
}

#[tokio::test]
async fn a_job_of_a_pool_that_closes_gets_back_what_it_submits() {
    let pool = pool(1, 4);
    let inner = pool.clone();
    let (closes, has_closed) = oneshot::channel::<()>();
    let job = pool.try_submit(async move {
        has_closed.await.unwrap();
        assert_eq!(refusal(&inner), SubmitErrorKind::Closed);
        let refused = inner.submit(async { Ok::<_, Error>(7) }).await.unwrap_err();
        assert_eq!(refused.kind(), SubmitErrorKind::Closed);
        refused.into_job().await
    });
    let mut drained = pin!(pool.close());
    assert!(poll!(drained.as_mut()).is_pending());
    closes.send(()).unwrap();
    drained.await;
    assert_eq!(job.unwrap().await.unwrap(), 7);
    assert_eq!((pool.stats().completed, pool.stats().rejected), (1, 2));
}

#[tokio::test]
async fn a_job_that_aborts_itself_goes_on_to_its_next_await_and_costs_no_worker() {
    let pool = pool(1, 4);
    let (give, given) = oneshot::channel::<Handle<()>>();
    let (go_on, goes_on) = oneshot::channel();
    let job = pool.try_submit(async move {
        let own = given.await.unwrap();
        own.abort();
        go_on.send(own).unwrap();
        pending::<()>().await;
    });
    let next = pool.try_submit(async { Ok::<_, Error>(1) }).unwrap();
    give.send(job.unwrap()).unwrap();
    assert!(goes_on.await.unwrap().await.unwrap_err().is_cancelled());
    assert_eq!(next.await.unwrap(), 1);
    assert_eq!((pool.stats().cancelled, pool.stats().completed), (1, 1));
}

#[tokio::test]
async fn a_job_may_drop_the_last_handle_of_its_pool_and_goes_on_to_its_next_await() {
    let pool = pool(1, 4);
    let (let_go, may_go) = oneshot::channel::<()>();
    let last = pool.clone();
    let runs = pool.try_submit(async move {
        may_go.await.unwrap();
        drop(last);
        Ok::<_, Error>("to its end")
    });
    let waits = pool.try_submit(pending::<()>());
    drop(pool);
    let_go.send(()).unwrap();
    assert_eq!(runs.unwrap().await.unwrap(), "to its end");
    assert!(waits.unwrap().await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_job_that_is_aborted_with_the_last_handle_of_its_pool_ends_the_pool() {
    let pool = pool(1, 4);
    let runs = pool.try_submit(pending::<()>()).unwrap();
    let last = pool.clone();
    let waits = pool.try_submit(async move {
        let _last = last;
        pending::<()>().await;
    });
    drop(pool);
    yield_now().await;
    assert!(!runs.is_finished(), "the job that waits holds the pool");
    let waits = waits.unwrap();
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    assert!(runs.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn all_who_close_a_pool_wait_for_its_last_job_and_no_longer() {
    for closed_after in 0..=3 {
        let pool = pool(3, 0);
        let held = Held::new();
        for _ in 0..3 {
            held.submit(&pool);
        }
        let mut closed = Vec::new();
        for ended in 0..=3 {
            if ended == closed_after {
                closed.extend((0..5).map(|_| Box::pin(pool.close())));
            }
            for close in &mut closed {
                assert_eq!(poll!(close.as_mut()).is_ready(), ended == 3);
            }
            held.let_go(1);
            held.running().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn close_within_takes_no_longer_than_the_last_job() {
    let pool = pool(2, 4);
    for seconds in 1..=3 {
        pool.try_submit(async move { tokio::time::sleep(Duration::from_secs(seconds)).await }).unwrap();
    }
    let started = tokio::time::Instant::now();
    pool.close_within(Duration::from_mins(1)).await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 4, "two at once");
    assert_eq!(pool.stats().completed, 3);
}

#[tokio::test(start_paused = true)]
async fn whoever_closes_a_pool_or_its_share_returns_once_another_has_ended_what_was_left() {
    let pool = pool(1, 4);
    let share = pool.share("share", 1).unwrap();
    let jobs = [&share, &share, &pool].map(|pool| pool.try_submit(pending::<()>()).unwrap());
    let closers = [pool.clone(), share].map(|pool| tokio::spawn(async move { pool.close().await }));
    yield_now().await;
    assert!(closers.iter().all(|closer| !closer.is_finished()));
    pool.close_within(Duration::from_secs(3)).await.unwrap_err();
    for closer in closers {
        closer.await.unwrap();
    }
    for job in jobs {
        assert!(job.await.unwrap_err().is_cancelled());
    }
}

#[tokio::test]
async fn a_share_that_is_full_takes_no_room_from_others_and_none_has_more_than_the_workers() {
    let pool = pool(2, 1);
    let (small, large) = (pool.share("small", 1).unwrap(), pool.share("large", 5).unwrap());
    let held = Held::new();
    for (pool, room) in [(&small, 2), (&large, 6), (&pool, 3)] {
        for _ in 0..room {
            held.submit(pool);
        }
        assert_eq!(refusal(pool), SubmitErrorKind::Full);
    }
    for left in (0..=11).rev() {
        assert_eq!(held.running().await, left.min(2));
        held.let_go(1);
    }
    for (pool, room) in [(&small, 2), (&large, 6), (&pool, 3)] {
        assert_eq!((pool.stats().completed, pool.stats().rejected), (room, 1));
    }
}

#[tokio::test]
async fn a_share_that_is_paused_or_closed_leaves_its_pool_alone() {
    let pool = pool(2, 4);
    let share = pool.share("share", 1).unwrap();
    let (own, theirs) = (Held::new(), Held::new());
    share.pause();
    theirs.submit(&share);
    let job = own.submit(&pool);
    assert_eq!((own.running().await, theirs.running().await), (1, 0));
    own.let_go(1);
    job.await.unwrap();
    pool.pause();
    share.resume();
    assert_eq!(theirs.running().await, 0, "the workers are its pool's");
    pool.resume();
    assert_eq!(theirs.running().await, 1);
    let mut closed = pin!(share.close());
    assert!(poll!(closed.as_mut()).is_pending());
    assert_eq!(refusal(&share), SubmitErrorKind::Closed);
    theirs.let_go(1);
    closed.await;
    pool.submit(async {}).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn a_share_grows_and_shrinks_within_its_pool() {
    let pool = pool(4, 20);
    let share = pool.share("share", 1).unwrap();
    let held = Held::new();
    for _ in 0..10 {
        held.submit(&share);
    }
    assert_eq!(held.running().await, 1);
    share.resize(3).unwrap();
    assert_eq!(held.running().await, 3);
    share.resize(9).unwrap();
    assert_eq!(held.running().await, 4, "its pool has no more workers");
    share.resize(2).unwrap();
    assert_eq!(held.running().await, 4, "what runs goes on");
    for _ in 0..6 {
        held.let_go(2);
        assert!(held.running().await <= 2);
    }
    share.resize(0).unwrap_err();
    assert_eq!((share.stats().workers, share.stats().completed, pool.stats().workers), (2, 10, 4));
}

#[tokio::test]
async fn shares_of_different_sizes_run_side_by_side_with_their_pool() {
    let pool = pool(7, 10);
    let pools = [pool.share("one", 1), pool.share("two", 2), pool.share("three", 3), Ok(pool.clone())];
    let pools = pools.map(Result::unwrap);
    let held = pools.each_ref().map(|pool| {
        let held = Held::new();
        for _ in 0..10 {
            held.submit(pool);
        }
        held
    });
    let mut running = Vec::new();
    for held in &held {
        running.push(held.running().await);
    }
    assert_eq!(running, [1, 2, 3, 1]);
    assert_eq!(pool.stats().running, 7);
    for held in &held {
        held.let_go(10);
    }
    pool.close().await;
    assert_eq!(pools.map(|pool| pool.stats().completed), [10; 4]);
}

#[tokio::test(start_paused = true)]
async fn close_within_names_what_is_left_in_shares_too() {
    let pool = pool(1, 4);
    let share = pool.share("share", 1).unwrap();
    let runs = share.try_submit(pending::<()>()).unwrap();
    let waits = share.try_submit(pending::<()>()).unwrap();
    let left = pool.close_within(Duration::from_secs(3)).await.unwrap_err();
    assert_eq!((left.running(), left.waiting()), (1, 1));
    assert_eq!(left.left().iter().map(Left::id).collect::<Vec<_>>(), [runs.id(), waits.id()]);
}

#[tokio::test(start_paused = true)]
async fn close_within_of_a_share_names_what_runs_on_its_pools_workers() {
    let pool = pool(1, 4);
    let share = pool.share("share", 1).unwrap();
    let runs = share.try_submit(pending::<()>()).unwrap();
    let waits = share.try_submit(pending::<()>()).unwrap();
    let left = share.close_within(Duration::from_secs(3)).await.unwrap_err();
    assert_eq!((left.running(), left.waiting()), (1, 1));
    assert_eq!(left.left().iter().map(Left::id).collect::<Vec<_>>(), [runs.id(), waits.id()]);
}

#[tokio::test]
async fn a_share_keeps_its_pool_alive() {
    let pool = pool(2, 4);
    let share = pool.share("share", 1).unwrap();
    let held = Held::new();
    let own = held.submit(&pool);
    let jobs = [held.submit(&share), held.submit(&share)];
    drop(pool);
    assert_eq!(held.running().await, 2, "nothing has ended");
    held.let_go(3);
    own.await.unwrap();
    share.close().await;
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!(share.stats().completed, 2);
}
