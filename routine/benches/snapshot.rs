//! What a picture of 1,000,000 routines takes, and what it takes from those that spawn meanwhile.
//!
//! - A warm snapshot, one that uses the memory of an older one: the median time.
//! - The slowest in a hundred spawns, each timed by itself, while another thread takes one snapshot after the other, against
//!   while that thread sleeps, in turn. The same of bare `tokio::spawn`, which knows of no snapshot, shows what of it is the
//!   machine's: two busy threads share caches and memory.

use std::future::pending;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use figure::{Bound, Table, beside};
use pairs::Ratios;

mod figure;
mod pairs;

const CROWD: usize = 1_000_000;
const SNAPSHOTS: usize = 41;
const SPAWNS: usize = 200_000;
const PAIRS: usize = 15;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

/// Starts `count` in turns of a thousand, so that the queue of the runtime stays small. In a task it comes back from a yield
/// behind all that it started.
async fn in_turns(count: usize, mut start: impl FnMut()) {
    for _ in 0..count / 1_000 {
        (0..1_000).for_each(|_| start());
        tokio::task::yield_now().await;
    }
}

fn warm() -> Duration {
    let mut snapshot = routine::snapshot();
    assert_eq!(snapshot.len(), CROWD);
    let mut times: Vec<Duration> = (0..SNAPSHOTS)
        .map(|_| {
            let start = Instant::now();
            snapshot.refresh();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[SNAPSHOTS / 2]
}

/// The time that 99 of 100 spawns stay below.
async fn slowest(spawn: fn(usize)) -> Duration {
    let mut times = Vec::with_capacity(SPAWNS);
    in_turns(SPAWNS, || {
        let number = times.len();
        let start = Instant::now();
        spawn(number);
        times.push(start.elapsed());
    })
    .await;
    let at = SPAWNS * 99 / 100;
    *times.select_nth_unstable(at).1
}

fn bare(number: usize) {
    tokio::spawn(async move {
        black_box(number);
    });
}

fn routine(number: usize) {
    routine::go(async move {
        black_box(number);
    });
}

/// The ratio of the slowest spawns while `snapshots` are taken to those without.
fn during(snapshots: &AtomicBool, runtime: &Runtime, spawn: fn(usize)) -> Ratios {
    let slowest = |taken: bool| {
        snapshots.store(taken, Ordering::Relaxed);
        // Long enough for the other thread to see it.
        thread::sleep(Duration::from_millis(100));
        runtime.block_on(async { routine::go_value(slowest(spawn)).await.expect("spawning ends well") })
    };
    Ratios::measure(PAIRS, || slowest(false), || slowest(true))
}

fn main() -> ExitCode {
    let crowd = runtime();
    let parking = crowd.spawn(in_turns(CROWD, || drop(routine::go(pending::<()>()))));
    crowd.block_on(parking).expect("parking ends well");
    let mut table = Table::new();
    let time = warm().as_secs_f64() * 1e3;
    table.guarded("ms of a warm snapshot of 1,000,000", time, Bound { goal: 12.0, guard: 30.0 });

    let (taken, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let runtime = runtime();
    let (routines, bare) = thread::scope(|scope| {
        scope.spawn(|| {
            let mut snapshot = routine::snapshot();
            while !over.load(Ordering::Relaxed) {
                if taken.load(Ordering::Relaxed) {
                    snapshot.refresh();
                } else {
                    thread::sleep(Duration::from_millis(10));
                }
            }
        });
        let ratios = (during(&taken, &runtime, routine), during(&taken, &runtime, bare));
        over.store(true, Ordering::Relaxed);
        ratios
    });
    table.guarded("spawn p99 during snapshots over without", routines.median, Bound { goal: 1.0, guard: 1.5 });
    beside("lower quartile", routines.lower);
    beside("upper quartile", routines.upper);
    beside("the same of bare spawns", bare.median);
    table.end()
}
