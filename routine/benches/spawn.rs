//! What a routine costs over a bare `tokio::spawn`: both are started in batches of 10,000 and joined, on one thread, the
//! routines inside a routine.
//!
//! - `cargo bench -p routine --bench spawn` measures time, a bare batch and a batch of routines in turn, and prints the
//!   ratio of each pair: machines differ and are noisy, pairs less so.
//! - with `-- bare 8` or `-- routines 8` it runs that many batches and says nothing, for a counter of instructions. The
//!   difference between 8 batches and 2 leaves out what a process does once. `benches/instructions.sh` does that.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use batch::{BATCH, routines};
use pairs::Ratios;

mod batch;
mod pairs;

const PAIRS: usize = 200;

/// A batch of bare tasks, started and joined inside one.
#[inline(never)]
async fn bare() {
    let tasks: Vec<JoinHandle<()>> = (0..BATCH)
        .map(|number| {
            tokio::spawn(async move {
                black_box(number);
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("an empty task ends well");
    }
}

fn run_bare(runtime: &Runtime) -> Duration {
    let start = Instant::now();
    runtime.block_on(async { tokio::spawn(bare()).await.expect("a batch ends well") });
    start.elapsed()
}

fn run_routines(runtime: &Runtime) -> Duration {
    let start = Instant::now();
    runtime.block_on(async { routine::go(routines()).await.expect("a batch ends well") });
    start.elapsed()
}

fn compare(name: &str, runtime: &Runtime) {
    let Ratios { lower, median, upper } = Ratios::measure(PAIRS, || run_bare(runtime), || run_routines(runtime));
    println!(
        "{name}: time over bare, {PAIRS} pairs of {BATCH}: median {median:.2}, quartiles {lower:.2} to {upper:.2}"
    );
}

fn main() {
    let one = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {
            compare("one thread", &one);
            let two = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
            compare("two threads", &two);
        }
        [what @ ("bare" | "routines"), batches] => {
            let batches: usize = batches.parse().expect("a number of batches");
            for _ in 0..batches {
                if *what == "bare" {
                    run_bare(&one)
                } else {
                    run_routines(&one)
                };
            }
        }
        _ => panic!("nothing, or `bare` or `routines` and a number of batches"),
    }
}
