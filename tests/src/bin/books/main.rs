//! Routines of every ending on both flavours, under runtimes that die: the books are exact to the routine, and nothing
//! stays behind on the heap.
//!
//! ```sh
//! cargo run --release -p routine-tests --bin books -- 10000000
//! ```
//!
//! starts so many, at least; 150,000 without a number.

mod endings;
mod tally;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use routine::{Outcome, stats};
use routine_tests::{Heap, Watch};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::{Builder, Runtime};

use endings::{KINDS, Wave};
use tally::Tally;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Routines that start on one runtime, about.
const WAVE: u64 = 10_000;
/// Routines that a runtime still has to run when it dies.
const LATE: u64 = 200;
/// Waves before the heap is looked at for the first time: two of each kind of runtime, with and without hooks.
const WARM_UP: u64 = 8;
/// What may be on the heap at the end and was not there after the warm-up: lists that grow, and never by the routine.
const BLOCKS: usize = 8;
const BYTES: usize = 256 << 10;

/// How long a wave may take, and what is left of it.
const PATIENCE: Duration = Duration::from_mins(1);

fn runtime(number: u64) -> Runtime {
    let mut builder =
        if number.is_multiple_of(2) { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    // One thread for blocking work, so that some of it is aborted before it starts.
    builder.worker_threads(2).max_blocking_threads(1).enable_all().build().expect("a runtime")
}

/// Starts a wave on a runtime of its own, which dies with what is left.
fn wave(number: u64, tally: &Arc<Mutex<Tally>>) {
    let runtime = runtime(number);
    let hooks = (number / 4 % 2 == 1).then(tally::add_hooks);
    runtime.block_on(async {
        // Two at once, and what they start is their children.
        let halves = [0, 1].map(|half| {
            let (tally, hooks) = (Arc::clone(tally), hooks.clone());
            routine::go(async move {
                let mut wave = Wave::new();
                for ordinal in (half..WAVE).step_by(2) {
                    wave.start(ordinal).await;
                    if let Some(hooks) = hooks.as_ref().filter(|_| ordinal == WAVE / 2) {
                        assert!(hooks.remove());
                    }
                }
                let mut counted = wave.end().await;
                for ordinal in 0..LATE / 2 {
                    endings::late(ordinal);
                }
                counted.unknown += LATE / 2;
                tally.lock().expect("no test panics in there").add(&counted);
            })
        });
        for half in halves {
            let ended = tokio::time::timeout(PATIENCE, half).await;
            ended
                .unwrap_or_else(|elapsed| panic!("wave {number} has no end, {elapsed}:\n{}", routine::dump()))
                .expect("a wave goes on whatever ends in it");
        }
    });
    let mut tally = tally.lock().expect("no test panics in there");
    tally.known(Outcome::Completed, 2);
    tally.add(&endings::outside(runtime.handle()));
    drop(tally);
    if (number / 2).is_multiple_of(2) {
        drop(runtime);
    } else {
        runtime.shutdown_background();
    }
}

/// What is on the heap once nothing is under way any more: whoever shuts a runtime down in the background does not wait
/// for its threads.
fn at_rest() -> Heap {
    let begun = Instant::now();
    let mut least = Heap::of(ALLOCATOR.stats());
    let mut since = Instant::now();
    while stats().live > 0 || since.elapsed() < Duration::from_millis(50) {
        assert!(begun.elapsed() < PATIENCE, "{}", routine::dump());
        std::thread::yield_now();
        let now = Heap::of(ALLOCATOR.stats());
        if now != least {
            (least, since) = (now, Instant::now());
        }
    }
    least
}

fn main() {
    let routines: u64 = std::env::args().nth(1).map_or(150_000, |number| number.parse().expect("a number of routines"));
    Watch::install();
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if routine::current().is_none() {
            told(info);
        }
    }));
    let tally = Arc::default();
    let begun = Instant::now();
    let mut waves = 0;
    let mut next_wave = || {
        routine::set_span_level((waves % 3 > 0).then_some(tracing::Level::INFO));
        wave(waves, &tally);
        waves += 1;
    };
    (0..WARM_UP).for_each(|_| next_wave());
    let warm = at_rest();
    while stats().started < routines {
        next_wave();
    }
    let end = at_rest();
    println!("{:.1?}, {waves} runtimes, {KINDS} endings", begun.elapsed());
    let tally = tally.lock().expect("no test panics in there");
    tally.check();
    let watched = Watch::read();
    println!("{watched:?}");
    assert!(watched.records > 0 && watched.spans.0 > 0);
    assert_eq!((watched.spans.0, watched.turns.0), (watched.spans.1, watched.turns.1), "spans closed, and left");
    println!("after {WARM_UP} runtimes {warm}, at the end {end}");
    assert!(end.is_flat_since(warm, BLOCKS, BYTES), "something stays behind");
}
