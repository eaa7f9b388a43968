//! Jobs of every ending in pools that are resized, paused, shared out, and closed by two at once: none is lost, run twice or
//! counted twice, and nothing stays behind on the heap.
//!
//! ```sh
//! cargo run --release -p routine-tests --bin pool_books -- 1000000
//! ```
//!
//! submits so many, at least; 60,000 without a number.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use routine::pool::PoolStats;
use routine::{Handle, Outcome, Pool, stats};
use routine_tests::{Heap, Watch};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Jobs of one pool.
const WAVE: u64 = 5_000;
/// Those who submit them, side by side.
const SUBMITTERS: u64 = 4;
/// Pools before the heap is looked at for the first time: some of each kind of runtime.
const WARM_UP: u64 = 6;
/// What may be on the heap at the end and was not there after the warm-up.
const BLOCKS: usize = 8;
const BYTES: usize = 256 << 10;
/// How long a wave may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What became of jobs, as those know who submitted them.
#[derive(Default)]
struct Tally {
    /// Jobs whose body began, and whose body was dropped.
    began: AtomicU64,
    dropped: AtomicU64,
    rejected: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
}

impl Tally {
    fn count(&self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Completed => &self.completed,
            Outcome::Failed => &self.failed,
            Outcome::Panicked => &self.panicked,
            Outcome::Cancelled => &self.cancelled,
            other => panic!("no job ends as {other:?}"),
        };
        count.fetch_add(1, Relaxed);
    }
}

/// Counted when its job is dropped, run or not.
struct Guard(Arc<Tally>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Relaxed);
    }
}

fn runtime(number: u64) -> Runtime {
    let mut builder =
        if number.is_multiple_of(2) { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

async fn job(number: u64, guard: Guard) -> Result<u64, String> {
    assert_eq!(guard.0.began.fetch_add(1, Relaxed) & (1 << 63), 0);
    match number % 8 {
        0 | 1 => {}
        2 => yield_now().await,
        3 => return Err(number.to_string()),
        4 => panic!("job {number}"),
        5 => {
            yield_now().await;
            panic!("job {number}, later");
        }
        6 => pending().await,
        _ => {
            for _ in 0..number % 5 {
                yield_now().await;
            }
        }
    }
    Ok(number)
}

/// Submits one job in one of the ways there are.
async fn submit(number: u64, pool: &Pool, tally: &Arc<Tally>) -> Option<Handle<u64>> {
    let job = job(number, Guard(Arc::clone(tally)));
    let submitted = match number % 5 {
        0 => pool.try_submit(job).map_err(drop),
        1 => pool.submit_unique(format!("key {}", number % 64), job).await.map_err(drop),
        2 => pool.submit_within(Duration::from_micros(number % 50), job).await.map_err(drop),
        _ => pool.submit(job).await.map_err(drop),
    };
    if submitted.is_err() {
        tally.rejected.fetch_add(1, Relaxed);
    }
    submitted.ok()
}

async fn submitter(first: u64, pool: Pool, tally: Arc<Tally>) {
    let mut handles = Vec::new();
    let settle = async |handles: Vec<(u64, Handle<u64>)>| {
        for (number, handle) in handles {
            let outcome = match handle.await {
                Ok(value) => {
                    assert_eq!(value, number);
                    Outcome::Completed
                }
                Err(error) => error.outcome().expect("it was not refused"),
            };
            tally.count(outcome);
        }
    };
    for number in (first..WAVE).step_by(usize::try_from(SUBMITTERS).expect("a few")) {
        if let Some(handle) = submit(number, &pool, &tally).await {
            // One that waits for ever, and some that do not.
            if number % 8 == 6 || number % 11 == 0 {
                handle.abort();
            }
            handles.push((number, handle));
        }
        if handles.len() == 32 {
            settle(std::mem::take(&mut handles)).await;
        }
    }
    settle(handles).await;
}

/// Changes the pool all the while.
async fn unrest(pool: Pool) {
    for round in 0_usize.. {
        match round % 4 {
            0 => pool.resize(1 + round % 7).expect("a size"),
            1 => pool.pause(),
            2 => pool.resume(),
            _ => drop(pool.share("for a moment", 1).expect("a share")),
        }
        yield_now().await;
    }
}

async fn wave(number: u64, tally: &Arc<Tally>) -> Vec<PoolStats> {
    let workers = usize::try_from(number % 5 + 1).expect("a few");
    let pool = Pool::builder("books").workers(workers).queue(64).build().expect("a pool");
    let share = pool.share("share", 2).expect("a share");
    let unrest = tokio::spawn(unrest(pool.clone()));
    let submitters: Vec<_> = (0..SUBMITTERS)
        .map(|first| {
            let pool = if first == 0 { &share } else { &pool };
            tokio::spawn(submitter(first, pool.clone(), Arc::clone(tally)))
        })
        .collect();
    for submitter in submitters {
        submitter.await.expect("a submitter goes on whatever its jobs do");
    }
    unrest.abort();
    assert!(unrest.await.expect_err("it has no end").is_cancelled());
    pool.resume();
    // Some that are left when the pool closes.
    let late: Vec<_> =
        (0..20).filter_map(|number| pool.try_submit(job(number * 8, Guard(Arc::clone(tally)))).ok()).collect();
    tally.rejected.fetch_add(20 - u64::try_from(late.len()).expect("a few"), Relaxed);
    let closers = [0, 1].map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.close().await })
    });
    for closer in closers {
        closer.await.expect("to close is no failure");
    }
    for late in late {
        assert!(late.is_finished(), "a pool was closed before its jobs had ended");
        tally.count(late.await.map_or_else(|error| error.outcome().expect("it ran"), |_| Outcome::Completed));
    }
    vec![pool.stats(), share.stats()]
}

fn main() {
    Watch::install();
    std::panic::set_hook(Box::new(|_| {}));
    let jobs: u64 = std::env::args().nth(1).map_or(60_000, |number| number.parse().expect("a number of jobs"));
    let waves = jobs.div_ceil(WAVE).max(WARM_UP + 1);
    let begun = Instant::now();
    let mut before = None;
    for number in 0..waves {
        if number == WARM_UP {
            before = Some(Heap::of(ALLOCATOR.stats()));
        }
        let tally = Arc::new(Tally::default());
        let runtime = runtime(number);
        let pools = runtime.block_on(async {
            tokio::time::timeout(PATIENCE, wave(number, &tally))
                .await
                .unwrap_or_else(|_| panic!("wave {number} has no end:\n{}", routine::dump()))
        });
        drop(runtime);
        check(number, &tally, &pools);
    }
    let stats = stats();
    assert_eq!((stats.live, stats.rejected), (0, 0), "{stats:?}");
    let after = Heap::of(ALLOCATOR.stats());
    let before = before.expect("there are more waves than the warm-up has");
    println!("{waves} pools in {:.1?}; heap {before}, then {after}", begun.elapsed());
    assert!(after.is_flat_since(before, BLOCKS, BYTES), "the heap grows: {before}, then {after}");
}

fn check(wave: u64, tally: &Tally, pools: &[PoolStats]) {
    let sum = |count: fn(&PoolStats) -> u64| pools.iter().map(count).sum::<u64>();
    let counted = [
        sum(|stats| stats.completed),
        sum(|stats| stats.failed),
        sum(|stats| stats.panicked),
        sum(|stats| stats.cancelled),
        sum(|stats| stats.rejected),
    ];
    let known = [&tally.completed, &tally.failed, &tally.panicked, &tally.cancelled, &tally.rejected]
        .map(|count| count.load(Relaxed));
    assert_eq!(counted, known, "wave {wave}: the pools' books against those of the submitters");
    assert_eq!(sum(|stats| stats.submitted), counted.iter().sum::<u64>(), "wave {wave}: {pools:?}");
    assert_eq!(sum(|stats| stats.submitted), WAVE + 20, "wave {wave}: {pools:?}");
    for stats in pools {
        assert_eq!((stats.running, stats.waiting, stats.timed_out), (0, 0, 0), "wave {wave}: {stats:?}");
        assert!(stats.ran.count <= stats.submitted - stats.rejected, "wave {wave}: {stats:?}");
    }
    assert_eq!(tally.dropped.load(Relaxed), WAVE + 20, "wave {wave}: each job was dropped once");
    assert!(tally.began.load(Relaxed) <= sum(|stats| stats.ran.count), "wave {wave}: no job began twice");
}
