//! Many jobs through groups and pools, beside what people use for that today: nanoseconds and allocations a job. The ways take
//! turns, round after round, and the median of the rounds is printed.
//!
//! Each job of `routine` is a whole routine, with a trace, hooks and an entry in the registry; none of the others' is.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, StreamExt};
use routine::{Group, Pool};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const JOBS: u64 = 100_000;
const WORKERS: usize = 4;
const WINDOW: usize = 128;
const ROUNDS: usize = 11;

/// A job that is ready at once: what is measured is what is around it.
async fn job(number: u64) -> Result<u64, std::io::Error> {
    Ok(std::hint::black_box(number))
}

/// A way to run all jobs; gives the sum of their results.
type Way = (&'static str, fn(&Runtime) -> u64);

fn run(runtime: &Runtime, work: impl Future<Output = u64>) -> u64 {
    runtime.block_on(work)
}

const MANY: &[Way] = &[
    ("JoinSet", |runtime| {
        run(runtime, async {
            let mut set = JoinSet::new();
            (0..JOBS).for_each(|number| drop(set.spawn(job(number))));
            set.join_all().await.into_iter().map(Result::unwrap).sum()
        })
    }),
    ("TaskTracker, handles", |runtime| {
        run(runtime, async {
            let tracker = TaskTracker::new();
            let handles: Vec<_> = (0..JOBS).map(|number| tracker.spawn(job(number))).collect();
            tracker.close();
            tracker.wait().await;
            let mut sum = 0;
            for handle in handles {
                sum += handle.await.unwrap().unwrap();
            }
            sum
        })
    }),
    ("Group::join", |runtime| {
        run(runtime, async {
            let mut group = Group::new();
            (0..JOBS).for_each(|number| _ = group.go(job(number)));
            group.join().await.unwrap().into_iter().sum()
        })
    }),
    ("group, its handles", |runtime| {
        run(runtime, async {
            let sum = routine::group(async |scope| {
                let handles: Vec<_> = (0..JOBS).map(|number| scope.go(job(number))).collect();
                let mut sum = 0;
                for handle in handles {
                    sum += handle.await?;
                }
                Ok::<_, routine::Error>(sum)
            });
            sum.await.unwrap()
        })
    }),
];

const IN_ORDER: &[Way] = &[
    ("buffered over spawned tasks", |runtime| {
        run(runtime, async {
            let results = stream::iter(0..JOBS).map(|number| tokio::spawn(job(number))).buffered(WINDOW);
            results.map(|result| result.unwrap().unwrap()).fold(0, async |sum, value| sum + value).await
        })
    }),
    ("buffer_unordered over spawned tasks", |runtime| {
        run(runtime, async {
            let results = stream::iter(0..JOBS).map(|number| tokio::spawn(job(number))).buffer_unordered(WINDOW);
            results.map(|result| result.unwrap().unwrap()).fold(0, async |sum, value| sum + value).await
        })
    }),
    ("Semaphore and JoinSet", |runtime| {
        run(runtime, async {
            let room = Arc::new(Semaphore::new(WINDOW));
            let mut set = JoinSet::new();
            let mut sum = 0;
            for number in 0..JOBS {
                let place = Arc::clone(&room).acquire_owned().await.unwrap();
                set.spawn(async move {
                    let value = job(number).await;
                    drop(place);
                    value
                });
                while let Some(ended) = set.try_join_next() {
                    sum += ended.unwrap().unwrap();
                }
            }
            set.join_all().await.into_iter().map(Result::unwrap).fold(sum, |sum, value| sum + value)
        })
    }),
    ("async-channel workers, channel back", |runtime| {
        run(runtime, async {
            let (jobs, queue) = async_channel::bounded(WINDOW);
            let (results, ended) = async_channel::bounded(WINDOW);
            for _ in 0..WORKERS {
                let (queue, results) = (queue.clone(), results.clone());
                tokio::spawn(async move {
                    while let Ok(number) = queue.recv().await {
                        results.send(job(number).await.unwrap()).await.unwrap();
                    }
                });
            }
            drop(results);
            tokio::spawn(async move {
                for number in 0..JOBS {
                    jobs.send(number).await.unwrap();
                }
            });
            let mut sum = 0;
            while let Ok(value) = ended.recv().await {
                sum += value;
            }
            sum
        })
    }),
    ("map (a routine each)", |runtime| {
        run(runtime, async {
            let mut results = routine::map(0..JOBS, WINDOW, job);
            let mut sum = 0;
            while let Some(value) = results.next().await {
                sum += value.unwrap();
            }
            sum
        })
    }),
    ("Pool::map", |runtime| {
        run(runtime, async {
            let pool = Pool::builder("bench").workers(WORKERS).build().unwrap();
            let mut results = pool.map(0..JOBS, job);
            let mut sum = 0;
            while let Some(value) = results.next().await {
                sum += value.unwrap();
            }
            sum
        })
    }),
    ("Pool::map, as completed", |runtime| {
        run(runtime, async {
            let pool = Pool::builder("bench").workers(WORKERS).build().unwrap();
            let mut results = pool.map(0..JOBS, job).as_completed();
            let mut sum = 0;
            while let Some(value) = results.next().await {
                sum += value.unwrap();
            }
            sum
        })
    }),
];

/// A batch is submitted, and then awaited, so that nobody waits for one job alone.
const BATCH: u64 = 64;

const SUBMIT: &[Way] = &[
    ("async-channel workers, boxed job, oneshot", |runtime| {
        run(runtime, async {
            type Job = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;
            let (jobs, queue) = async_channel::bounded::<Job>(1_024);
            for _ in 0..WORKERS {
                let queue = queue.clone();
                tokio::spawn(async move {
                    while let Ok(job) = queue.recv().await {
                        job.await;
                    }
                });
            }
            let mut sum = 0;
            let mut handles = Vec::with_capacity(64);
            for first in (0..JOBS).step_by(64) {
                for number in first..(first + BATCH).min(JOBS) {
                    let (sender, receiver) = oneshot::channel();
                    let job = async move { drop(sender.send(job(number).await)) };
                    jobs.send(Box::pin(job)).await.unwrap();
                    handles.push(receiver);
                }
                for handle in handles.drain(..) {
                    sum += handle.await.unwrap().unwrap();
                }
            }
            sum
        })
    }),
    ("Pool::submit", |runtime| {
        run(runtime, async {
            let pool = Pool::builder("bench").workers(WORKERS).build().unwrap();
            let mut sum = 0;
            let mut handles = Vec::with_capacity(64);
            for first in (0..JOBS).step_by(64) {
                for number in first..(first + BATCH).min(JOBS) {
                    handles.push(pool.submit(job(number)).await.unwrap());
                }
                for handle in handles.drain(..) {
                    sum += handle.await.unwrap();
                }
            }
            sum
        })
    }),
];

fn measure(runtime: &Runtime, ways: &[Way]) {
    let mut times = vec![Vec::new(); ways.len()];
    let mut allocations = vec![0; ways.len()];
    for _ in 0..=ROUNDS {
        for (place, (name, way)) in ways.iter().enumerate() {
            let before = ALLOCATOR.stats();
            let started = Instant::now();
            let sum = way(runtime);
            times[place].push(started.elapsed());
            allocations[place] = ALLOCATOR.stats().allocations - before.allocations;
            assert_eq!(sum, JOBS * (JOBS - 1) / 2, "{name} lost a job");
        }
    }
    for (place, (name, _)) in ways.iter().enumerate() {
        // Without the first round, which warms up.
        let times = &mut times[place][1..];
        times.sort_unstable();
        #[allow(clippy::cast_precision_loss)]
        let (nanos, each) =
            (times[ROUNDS / 2].as_nanos() as f64 / JOBS as f64, allocations[place] as f64 / JOBS as f64);
        println!("{name:<44} {nanos:>8.0} {each:>8.2}");
    }
}

fn main() {
    for (threads, runtime) in [
        ("one thread", Builder::new_current_thread().build().expect("a runtime")),
        ("two threads", Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")),
    ] {
        println!("\n{threads:<44} {:>8} {:>8}", "ns a job", "blocks");
        for ways in [MANY, IN_ORDER, SUBMIT] {
            measure(&runtime, ways);
            println!();
        }
    }
}
