//! A pool grows, shrinks, pauses, is shared out and closed, and no job is lost on the way.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use futures_util::poll;
use routine::pool::{Left, PoolStats, SubmitErrorKind};
use routine::{Error, Handle, Pool};
use routine_tests::Drops;
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

    fn submit(&self, pool: &Pool) -> Handle<()> {
        let held = self.clone();
        let job = pool.try_submit(async move {
            held.running.fetch_add(1, SeqCst);
            held.go.acquire().await.unwrap().forget();
            held.running.fetch_sub(1, SeqCst);
        });
        job.unwrap()
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

fn ended(stats: PoolStats) -> u64 {
    stats.completed + stats.failed + stats.panicked + stats.cancelled + stats.timed_out + stats.rejected
}

#[tokio::test]
async fn a_pool_that_grows_starts_what_waits() {
    let pool = pool(1, 10);
    let held = Held::new();
    for _ in 0..4 {
        held.submit(&pool);
    }
    assert_eq!(held.running().await, 1);
    pool.resize(3).unwrap();
    assert_eq!(held.running().await, 3);
    assert_eq!((pool.stats().workers, pool.stats().running, pool.stats().waiting), (3, 3, 1));
    held.let_go(4);
    pool.close().await;
}

#[tokio::test]
async fn a_pool_that_shrinks_below_what_runs_says_so_at_once_and_stops_no_job() {
    let pool = pool(4, 10);
    let held = Held::new();
    for _ in 0..8 {
        held.submit(&pool);
    }
    assert_eq!(held.running().await, 4);
    pool.resize(2).unwrap();
    assert_eq!(held.running().await, 4);
    held.let_go(1);
    assert_eq!(held.running().await, 3);
    held.let_go(1);
    assert_eq!(held.running().await, 2);
    held.let_go(1);
    assert_eq!(held.running().await, 2, "the next one began");
    held.let_go(5);
    pool.close().await;
    assert_eq!(pool.stats().completed, 8);
}

#[tokio::test]
async fn room_goes_with_the_size() {
    let pool = pool(2, 0);
    let held = Held::new();
    held.submit(&pool);
    held.submit(&pool);
    let is_full =
        |pool: &Pool| pool.try_submit(pending::<()>()).is_err_and(|refused| refused.kind() == SubmitErrorKind::Full);
    pool.resize(1).unwrap();
    assert!(is_full(&pool));
    held.let_go(1);
    held.running().await;
    assert!(is_full(&pool), "the free place was kept back");
    pool.resize(3).unwrap();
    held.submit(&pool);
    held.submit(&pool);
    assert!(is_full(&pool));
    assert_eq!(held.running().await, 3);
    held.let_go(3);
    pool.close().await;
}

#[tokio::test]
async fn a_pool_may_go_up_and_down_for_ever() {
    let pool = pool(1, 64);
    let mut handles = Vec::new();
    for round in 0..200_usize {
        pool.resize(1 + round % 7).unwrap();
        for _ in 0..3 {
            handles.push(pool.submit(yield_now()).await.unwrap());
        }
    }
    for handle in handles {
        handle.await.unwrap();
    }
    pool.resize(1).unwrap();
    let held = Held::new();
    for _ in 0..65 {
        held.submit(&pool);
    }
    assert!(pool.try_submit(async {}).is_err(), "there is room for no more than before");
    assert_eq!(held.running().await, 1);
    held.let_go(65);
    pool.close().await;
}

#[tokio::test]
async fn a_paused_pool_takes_jobs_and_starts_none() {
    let pool = pool(2, 10);
    let held = Held::new();
    held.submit(&pool);
    assert_eq!(held.running().await, 1);
    pool.pause();
    held.submit(&pool);
    held.submit(&pool);
    assert_eq!(held.running().await, 1, "what runs goes on, and nothing else");
    held.let_go(1);
    assert_eq!(held.running().await, 0);
    pool.resume();
    assert_eq!(held.running().await, 2);
    held.let_go(2);
    pool.pause();
    pool.close().await;
    assert_eq!(pool.stats().completed, 3, "a pool that closes is resumed");
}

#[tokio::test]
async fn a_share_never_exceeds_its_own_limit_nor_its_pools() {
    let pool = pool(3, 20);
    let (a, b) = (pool.share("tenant-a", 2).unwrap(), pool.share("tenant-b", 2).unwrap());
    let (held_a, held_b) = (Held::new(), Held::new());
    for _ in 0..5 {
        held_a.submit(&a);
    }
    assert_eq!(held_a.running().await, 2);
    for _ in 0..5 {
        held_b.submit(&b);
    }
    assert_eq!(held_b.running().await, 1, "three workers, two of them with the other share");
    assert_eq!(pool.stats().running, 3);
    held_a.let_go(1);
    held_b.running().await;
    assert_eq!((held_a.running().await, held_b.running().await), (1, 2), "the next turn is the other's, who waited");
    held_a.let_go(4);
    held_b.let_go(5);
    a.close().await;
    b.close().await;
    assert_eq!((a.stats().completed, b.stats().completed), (5, 5));
    assert_eq!(pool.stats().running, 0);
    pool.submit(async {}).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_pool_is_the_end_of_its_shares() {
    let pool = pool(1, 4);
    let share = pool.share("share", 1).unwrap();
    let held = Held::new();
    let jobs = [held.submit(&share), held.submit(&share)];
    assert_eq!(held.running().await, 1);
    let mut closed = pin!(pool.close());
    assert!(poll!(closed.as_mut()).is_pending(), "jobs of the share are left");
    assert_eq!(share.try_submit(async {}).unwrap_err().kind(), SubmitErrorKind::Closed);
    held.let_go(2);
    closed.await;
    for job in jobs {
        job.await.unwrap();
    }
}

#[tokio::test]
async fn a_pool_that_closes_resumes_its_shares() {
    let pool = pool(1, 4);
    let share = pool.share("share", 1).unwrap();
    share.pause();
    let job = share.try_submit(async { Ok::<_, Error>(1) }).unwrap();
    pool.close().await;
    assert_eq!(job.await.unwrap(), 1);
}

#[tokio::test]
async fn dropping_a_share_ends_its_jobs_and_no_others() {
    let pool = pool(2, 4);
    let share = pool.share("share", 1).unwrap();
    let (own, theirs) = (Held::new(), Held::new());
    let kept = own.submit(&pool);
    let lost = [theirs.submit(&share), theirs.submit(&share)];
    assert_eq!((own.running().await, theirs.running().await), (1, 1));
    drop(share);
    for job in lost {
        assert!(job.await.unwrap_err().is_cancelled());
    }
    own.let_go(1);
    kept.await.unwrap();
}

#[tokio::test]
async fn a_closed_pool_hands_jobs_back_wakes_who_waits_and_ends_when_it_is_drained() {
    let pool = pool(1, 1);
    let held = Held::new();
    let jobs = [held.submit(&pool), held.submit(&pool)];
    let mut waits = pin!(pool.submit(async { Ok::<_, Error>(1) }));
    assert!(poll!(waits.as_mut()).is_pending());
    let mut closed = pin!(pool.close());
    assert!(poll!(closed.as_mut()).is_pending());
    let refused = waits.await.unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Closed);
    assert_eq!(refused.into_job().await.unwrap(), 1, "it was handed back whole");
    assert_eq!(pool.try_submit(async {}).unwrap_err().kind(), SubmitErrorKind::Closed);
    held.let_go(2);
    closed.await;
    for job in jobs {
        job.await.unwrap();
    }
    pool.close().await;
    let stats = pool.stats();
    assert_eq!((stats.submitted, ended(stats), stats.rejected), (4, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn close_within_names_what_was_left_and_ends_it() {
    let pool = pool(1, 4);
    let drops = Drops::default();
    let guard = drops.guard();
    let runs = pool
        .try_submit(async move {
            let _guard = guard;
            pending::<()>().await;
        })
        .unwrap();
    let waits = pool.try_submit(std::future::ready(())).unwrap();
    let started = tokio::time::Instant::now();
    let left = pool.close_within(Duration::from_secs(3)).await.unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!((left.running(), left.waiting()), (1, 1));
    assert_eq!(left.left().iter().map(Left::id).collect::<Vec<_>>(), [runs.id(), waits.id()]);
    assert!(left.to_string().starts_with("the pool was not drained in time: 1 running and 1 waiting: `"), "{left}");
    assert!(runs.await.unwrap_err().is_cancelled());
    assert!(waits.await.unwrap_err().is_cancelled());
    assert_eq!(drops.count(), 1);
    pool.close_within(Duration::from_secs(3)).await.unwrap();
}

#[tokio::test]
async fn dropping_a_pool_cancels_what_waits_and_what_runs() {
    let pool = pool(1, 4);
    let clone = pool.clone();
    let drops = Drops::default();
    let (one, two) = (drops.guard(), drops.guard());
    let runs = pool.try_submit(async move {
        let _guard = one;
        pending::<()>().await;
    });
    let waits = pool.try_submit(async move {
        let _guard = two;
        pending::<()>().await;
    });
    yield_now().await;
    drop(pool);
    yield_now().await;
    assert_eq!(drops.count(), 0, "a clone is the same pool");
    drop(clone);
    for handle in [runs.unwrap(), waits.unwrap()] {
        assert!(handle.await.unwrap_err().is_cancelled());
    }
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_runtime_that_dies_ends_its_pools() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (pool, runs, waits) = runtime.block_on(async {
        let pool = pool(1, 4);
        let (started, has_started) = oneshot::channel();
        let runs = pool.try_submit(async move {
            started.send(()).unwrap();
            pending::<()>().await;
        });
        let waits = pool.try_submit(pending::<()>());
        has_started.await.unwrap();
        (pool, runs.unwrap(), waits.unwrap())
    });
    drop(runtime);
    assert_eq!(pool.try_submit(async {}).unwrap_err().kind(), SubmitErrorKind::Closed);
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.running, stats.waiting), (2, 0, 0));
    assert_eq!(stats.submitted, ended(stats));
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    other.block_on(async {
        assert!(runs.await.unwrap_err().is_cancelled());
        assert!(waits.await.unwrap_err().is_cancelled());
        pool.close().await;
    });
}

#[test]
fn a_runtime_that_dies_while_a_worker_lets_others_run_ends_what_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let pool = runtime.block_on(async {
        let pool = pool(1, 1_000);
        for _ in 0..1_000 {
            drop(pool.try_submit(async {}).unwrap());
        }
        // The worker runs as many as tokio lets it run in one turn.
        tokio::task::yield_now().await;
        pool
    });
    let before = pool.stats();
    assert!(before.completed > 0 && before.waiting > 0 && before.running == 0, "{before:?}");
    drop(runtime);
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled, stats.waiting), (before.completed, before.waiting as u64, 0));
    assert_eq!(stats.submitted, ended(stats));
}

#[test]
fn a_runtime_that_dies_ends_the_maps_over_its_pools() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (pool, mut results) = runtime.block_on(async {
        let pool = pool(2, 4);
        let started = Arc::new(Semaphore::new(0));
        let job = {
            let started = Arc::clone(&started);
            move |_| {
                let started = Arc::clone(&started);
                async move {
                    started.add_permits(1);
                    pending::<()>().await;
                }
            }
        };
        let mut results = pool.map(0..3, job);
        assert!(poll!(pin!(results.next())).is_pending());
        started.acquire_many(2).await.unwrap().forget();
        (pool, results)
    });
    drop(runtime);
    let ends = other.block_on(async {
        let mut ends = Vec::new();
        while let Some(end) = results.next().await {
            ends.push(end.unwrap_err().is_cancelled());
        }
        ends
    });
    assert_eq!(ends, [true; 3]);
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.running, stats.waiting), (3, 0, 0));
    assert_eq!(stats.submitted, ended(stats));
}

#[test]
fn a_pool_whose_runtime_is_gone_before_its_first_job_takes_none() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let pool = {
        let _inside = runtime.enter();
        pool(1, 4)
    };
    drop(runtime);
    let job = pool.try_submit(async {}).unwrap();
    assert!(job.is_finished());
    assert_eq!(pool.stats().cancelled, 1);
    assert_eq!(pool.try_submit(async {}).unwrap_err().kind(), SubmitErrorKind::Closed);
}

#[tokio::test]
async fn times_are_counted_for_what_ran() {
    let pool = pool(1, 4);
    for _ in 0..3 {
        pool.submit(async {}).await.unwrap().await.unwrap();
    }
    let stats = pool.stats();
    assert_eq!((stats.ran.count, stats.waited.count), (3, 3));
    assert!(stats.ran.max <= stats.ran.sum && stats.waited.max <= stats.waited.sum);
    assert_eq!(stats.submitted, ended(stats));
}

#[tokio::test]
async fn pools_are_listed_with_their_shares_as_long_as_they_are_there() {
    let pool = Pool::builder("listed").workers(1).queue(4).build().unwrap();
    let share = pool.share("listed share", 1).unwrap();
    let held = Held::new();
    held.submit(&pool);
    held.submit(&pool);
    assert_eq!(held.running().await, 1);
    let snapshot = routine::snapshot();
    let find = |name| snapshot.pools().iter().find(|row| row.name() == name);
    assert_eq!((find("listed").unwrap().stats().running, find("listed").unwrap().share_of()), (1, None));
    assert_eq!(find("listed share").unwrap().share_of(), Some("listed"));
    let dump = routine::dump().to_string();
    assert!(dump.contains("\npool `listed`: 1 running of 1 at most, 1 waiting, 2 submitted, 0 rejected"), "{dump}");
    drop((share, pool));
    assert!(!routine::snapshot().pools().iter().any(|row| row.name().starts_with("listed")));
}

#[tokio::test]
async fn a_worker_that_lets_others_run_holds_no_result_back() {
    let pool = pool(1, 1_000);
    let begun = Arc::new(AtomicUsize::new(0));
    let submit = || {
        let begun = Arc::clone(&begun);
        pool.try_submit(async move {
            begun.fetch_add(1, SeqCst);
        })
    };
    let handles: Vec<_> = (0..1_000).map(|_| submit().unwrap()).collect();
    // One turn of the worker, which tokio's budget ends.
    yield_now().await;
    let begun = begun.load(SeqCst);
    assert!((1..1_000).contains(&begun), "{begun}");
    assert_eq!(handles.iter().filter(|handle| handle.is_finished()).count(), begun);
    assert_eq!(pool.stats().completed, u64::try_from(begun).unwrap());
}
