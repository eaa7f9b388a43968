//! Routines that are retried, restarted and supervised, and asked to stop, aborted or left alone at any moment: each is counted
//! once, none is left in the registry, no child outlives its supervisor, and nothing stays behind on the heap.
//!
//! ```sh
//! cargo run --release -p routine-tests --bin restart_books -- 20000
//! ```
//!
//! starts so many of each kind; 2,000 without a number.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use routine::supervise::{ChildSpec, Strategy, Supervisor};
use routine::{Backoff, Builder, Handle, Restart, RestartKind, Retry, cancelled, snapshot, stats};
use routine_tests::{Heap, Watch};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Of each kind, side by side.
const WAVE: usize = 100;
/// What may be on the heap at the end and was not there after the warm-up.
const BLOCKS: usize = 8;
const BYTES: usize = 256 << 10;
/// How long a wave may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bodies that are alive.
#[derive(Clone, Debug, Default)]
struct Alive(Arc<AtomicI64>);

#[derive(Debug)]
struct Guard(Alive);

impl Alive {
    fn guard(&self) -> Guard {
        self.0.fetch_add(1, SeqCst);
        Guard(self.clone())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, SeqCst);
    }
}

/// A run of every ending.
async fn run(guard: Guard) -> Result<(), String> {
    match fastrand::u8(..8) {
        0 => return Ok(()),
        1 => return Err("at once".to_owned()),
        2 => panic!("at once"),
        3 => cancelled().await,
        4 => pending().await,
        5 => {
            sleep(Duration::from_micros(fastrand::u64(..500))).await;
            return Err("later".to_owned());
        }
        6 => {
            yield_now().await;
            panic!("later");
        }
        _ => yield_now().await,
    }
    drop(guard);
    Ok(())
}

fn backoff() -> Backoff {
    Backoff::constant(Duration::from_micros(fastrand::u64(..3) * 300))
}

/// Ends a routine in one of the ways there are, at some moment.
async fn end<T>(handle: Handle<T>) {
    for _ in 0..fastrand::u8(..4) {
        yield_now().await;
    }
    if fastrand::bool() {
        sleep(Duration::from_micros(fastrand::u64(..1_000))).await;
    }
    if fastrand::bool() {
        handle.cancel();
        yield_now().await;
    }
    handle.abort();
    // What it ended in is counted; whether it ended at all is what is looked at.
    drop(handle.await);
}

fn retried(alive: &Alive) -> Handle<()> {
    let alive = alive.clone();
    let mut retry = Retry::times(fastrand::u32(1..5)).expect("it is not 0").backoff(backoff());
    if fastrand::bool() {
        retry = retry.panics();
    }
    if fastrand::bool() {
        retry = retry.attempt_timeout(Duration::from_micros(fastrand::u64(1..500))).expect("it is not 0");
    }
    Builder::new().quiet().spawn_retry(retry, move || run(alive.guard()))
}

fn kind() -> RestartKind {
    [RestartKind::Permanent, RestartKind::Transient, RestartKind::Temporary][fastrand::usize(..3)]
}

fn restarted(alive: &Alive) -> Handle<()> {
    let alive = alive.clone();
    let restart = Restart::of(kind()).budget(fastrand::u32(..5), Duration::from_secs(1)).expect("it is not 0");
    Builder::new().quiet().spawn_restart(restart.backoff(backoff()), move || run(alive.guard()))
}

fn worker(name: String, alive: &Alive) -> ChildSpec {
    let alive = alive.clone();
    let grace = Duration::from_micros(fastrand::u64(..3) * 400);
    ChildSpec::new(name, move || run(alive.guard())).restart(kind()).grace(grace)
}

fn supervisor(name: &str, alive: &Alive, depth: u8) -> Supervisor {
    let strategy = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne][fastrand::usize(..3)];
    let mut builder = Supervisor::builder(name)
        .strategy(strategy)
        .budget(fastrand::u32(..8), Duration::from_secs(1))
        .backoff(backoff());
    for number in 0..fastrand::u8(..4) {
        builder = builder.child(worker(format!("{name} {number}"), alive));
    }
    if depth > 0 {
        let (alive, nested) = (alive.clone(), format!("{name} nested"));
        let own = nested.clone();
        builder = builder.child(ChildSpec::supervisor(nested, move || Ok(supervisor(&own, &alive, depth - 1))));
    }
    builder.build().expect("names differ")
}

async fn supervised(alive: Alive) {
    let Ok(supervisor) = supervisor("top", &alive, 2).start().await else { return };
    for number in 0..fastrand::u8(..6) {
        let name = format!("dynamic {number}");
        // A supervisor that gave up meanwhile says so, and a name that is gone.
        let _ = timeout(Duration::from_millis(1), supervisor.add_child(worker(name.clone(), &alive))).await;
        match fastrand::u8(..4) {
            0 => drop(supervisor.terminate(&name).await),
            1 => drop(supervisor.remove_child(&name).await),
            2 => drop(supervisor.restart_child(&name).await),
            _ => yield_now().await,
        }
    }
    drop(supervisor.stop().await);
    assert!(supervisor.children().is_empty());
}

async fn wave(alive: &Alive) {
    let mut work = Vec::new();
    for _ in 0..WAVE {
        work.push(tokio::spawn(end(retried(alive))));
        work.push(tokio::spawn(end(restarted(alive))));
        if fastrand::u8(..10) == 0 {
            work.push(tokio::spawn(supervised(alive.clone())));
        }
    }
    for task in work {
        task.await.expect("no task of the test panics");
    }
}

/// Runs one wave to its end, after which everything is at rest.
fn round(number: usize, alive: &Alive) {
    let mut builder = if number.is_multiple_of(2) {
        runtime::Builder::new_current_thread()
    } else {
        runtime::Builder::new_multi_thread()
    };
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        timeout(PATIENCE, wave(alive)).await.expect("it takes no minute");
        if number.is_multiple_of(3) {
            // Supervisors that the end of their runtime surprises.
            for _ in 0..5 {
                drop(supervisor("surprised", alive, 1).start());
            }
            yield_now().await;
        }
    });
    drop(runtime);
    assert_eq!(alive.0.load(SeqCst), 0, "bodies that outlived their routines");
    let stats = stats();
    assert_eq!((stats.live, stats.started), (0, stats.ended()), "{stats:?}");
    assert!(snapshot().is_empty(), "{}", routine::dump());
}

fn main() {
    Watch::install();
    std::panic::set_hook(Box::new(|_| {}));
    let wanted = std::env::args().nth(1).map_or(2_000, |count| count.parse().expect("a number"));
    let alive = Alive::default();
    let rounds = usize::max(wanted / WAVE, 7);
    let mut before = None;
    for number in 0..rounds {
        round(number, &alive);
        if number == 6 {
            before = Some(Heap::of(ALLOCATOR.stats()));
        }
    }
    let (before, after) = (before.expect("there are as many rounds"), Heap::of(ALLOCATOR.stats()));
    assert!(after.is_flat_since(before, BLOCKS, BYTES), "{before}, then {after}");
    let watched = Watch::read();
    assert_eq!(watched.spans.0, watched.spans.1, "spans opened and closed");
    println!("{:?}\n{} records, {after} on the heap", stats(), watched.records);
}
