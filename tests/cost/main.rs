//! What a routine costs, in figures that are exact: allocations and bytes. One thread, no harness; it fails beyond a guard.
//!
//! `cargo test -p routine-tests --test cost` in a dev build, with `--release` in a release build.

mod many;
mod schedules;

use std::future::{Future, pending};
use std::process::ExitCode;
use std::time::Duration;

use routine::__private::{SLOT_SIZE, keep};
use routine::prelude::*;
use routine::{Builder, Handle, go, go_blocking};
use routine_tests::Watch;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::task::yield_now;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Routines that are measured together.
const MANY: usize = 1_000;

/// A dev build boxes the body, so that tokio's task is compiled once.
const ALLOCATIONS: usize = if cfg!(debug_assertions) { 2 } else { 1 };

/// A row of the table: what, the figure, and the guard.
struct Row(&'static str, usize, usize);

/// Allocations of `MANY` runs of `work`, after as many to warm up.
async fn allocations<F: Future<Output = ()>>(work: impl Fn() -> F) -> usize {
    for _ in 0..MANY {
        work().await;
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..MANY {
        work().await;
    }
    region.change().allocations
}

/// Of routines that somebody waits for.
async fn awaited(start: fn() -> Handle<()>) -> usize {
    allocations(move || async move { start().await.expect("it ends well") }).await
}

/// Of routines that nobody waits for.
async fn detached(start: fn() -> Handle<()>) -> usize {
    let others = routine::stats().live;
    allocations(move || async move {
        drop(start());
        while routine::stats().live > others {
            yield_now().await;
        }
    })
    .await
}

/// The same inside a routine, whose child each of them is.
async fn inside(measured: impl Future<Output = usize> + Send + 'static) -> usize {
    routine::go_value(measured).await.expect("it ends well")
}

fn plain() -> Handle<()> {
    go(async {})
}

fn aborted() -> Handle<()> {
    let handle = go(pending::<()>());
    handle.abort();
    handle
}

fn blocking() -> Handle<()> {
    let holds = std::hint::black_box(7_u64);
    go_blocking(move || assert_eq!(holds, 7))
}

async fn bare_blocking() {
    let holds = std::hint::black_box(7_u64);
    tokio::task::spawn_blocking(move || assert_eq!(holds, 7)).await.expect("it ends well");
}

fn named() -> Handle<()> {
    Builder::new().name("named").spawn(async {})
}

fn named_at_run_time() -> Handle<()> {
    Builder::new().name("named".to_owned()).spawn(async {})
}

fn with_field() -> Handle<()> {
    Builder::new().field("number", 7).spawn(async {})
}

fn with_timeout() -> Handle<()> {
    Builder::new().timeout(Duration::from_mins(10)).spawn(yield_now())
}

fn asked_to_stop() -> Handle<()> {
    let handle = go(async { routine::cancelled().await });
    handle.cancel();
    handle
}

#[routine(in_place)]
async fn in_place() {
    yield_now().await;
}

#[routine(in_place)]
fn in_place_call() {}

/// Plain routines, and those of which this is said that they cost no more.
async fn plain_rows() -> Vec<Row> {
    let guard = MANY * ALLOCATIONS;
    let mut rows = vec![
        Row("awaited", awaited(plain).await, guard),
        Row("detached", detached(plain).await, guard),
        Row("awaited, inside a routine", inside(awaited(plain)).await, guard),
        Row("detached, inside a routine", inside(detached(plain)).await, guard),
        Row("aborted", detached(aborted).await, guard),
        Row("in place, a future", allocations(in_place).await, 0),
        Row("in place, a function", allocations(|| async { in_place_call() }).await, 0),
    ];
    routine::set_span_level(Some(tracing::Level::TRACE));
    rows.push(Row("awaited, spans at `TRACE` and no subscriber", awaited(plain).await, guard));
    routine::set_span_level(Some(tracing::Level::INFO));
    let hooks = routine::add_around_routine(|_| (), |_| ());
    rows.extend([
        Row("awaited, with hooks", awaited(plain).await, guard),
        Row("detached, with hooks", detached(plain).await, guard),
        Row("awaited, with hooks, inside a routine", inside(awaited(plain)).await, guard),
        Row("detached, with hooks, inside a routine", inside(detached(plain)).await, guard),
        Row("aborted, with hooks", detached(aborted).await, guard),
        Row("in place, with hooks, a future", allocations(in_place).await, 0),
        Row("in place, with hooks, a function", allocations(|| async { in_place_call() }).await, 0),
    ]);
    assert!(hooks.remove());
    rows
}

/// What has its price, beyond that of a plain routine.
async fn dressed_rows() -> Vec<Row> {
    let beyond = |allocations: usize| allocations.saturating_sub(MANY * ALLOCATIONS);
    // The pool's own lists grow at first.
    awaited(blocking).await;
    let bare = allocations(bare_blocking).await;
    let mut rows = vec![
        // The closure's box.
        Row("blocking, beyond tokio's own", awaited(blocking).await.saturating_sub(bare), MANY),
        Row("blocking and detached, beyond tokio's own", detached(blocking).await.saturating_sub(bare), MANY),
        Row("with a name, beyond a plain one", beyond(awaited(named).await), MANY),
        // The name itself is the second.
        Row("with a name made at run time", beyond(awaited(named_at_run_time).await), 2 * MANY),
        // The list of fields, and the value as text.
        Row("with a field", beyond(awaited(with_field).await), 3 * MANY),
        // The timer, once it waits.
        Row("with a timeout", beyond(awaited(with_timeout).await), 2 * MANY),
        // The token, once it asks.
        Row("asked to stop", beyond(awaited(asked_to_stop).await), 2 * MANY),
    ];
    Watch::install();
    // One is the subscriber's.
    rows.push(Row("with a span", beyond(awaited(plain).await), 2 * MANY));
    routine::set_span_level(None);
    rows.push(Row("without a span, under a subscriber", beyond(awaited(plain).await), 0));
    rows
}

/// Bytes of a parked task.
async fn parked_bytes() -> usize {
    let warm: Vec<_> = (0..MANY).map(|_| go(pending::<()>())).collect();
    yield_now().await;
    for handle in warm {
        handle.abort();
        let _ = handle.await;
    }
    let mut handles = Vec::with_capacity(MANY);
    let region = Region::new(ALLOCATOR);
    handles.extend((0..MANY).map(|_| go(pending::<()>())));
    let bytes = region.change().bytes_allocated;
    for handle in handles {
        handle.abort();
        let _ = handle.await;
    }
    bytes / MANY
}

fn label_bytes() -> usize {
    fn size<F: Future>(future: &F) -> usize {
        size_of_val(future)
    }
    let bare = async {
        let text = String::from("kept over an await");
        yield_now().await;
        drop(text);
    };
    let labelled = async {
        let text = String::from("kept over an await");
        keep(yield_now(), line!()).await;
        drop(text);
    };
    size(&labelled).abs_diff(size(&bare))
}

async fn bytes_rows() -> Vec<Row> {
    // A dev build has a box and tokio's own checks besides.
    let task = if cfg!(debug_assertions) { 512 } else { 128 };
    vec![
        Row("a slot", SLOT_SIZE, 104),
        Row("what a labelled await adds to a future", label_bytes(), 0),
        Row("a trivial routine's task", parked_bytes().await, task),
        Row("a schedule that waits", schedules::bytes().await, 1_408),
        Row("a routine that waits for its time", schedules::bytes_once().await, 448),
    ]
}

/// Prints the rows, and gives how many are beyond their guards.
fn print(what: &str, rows: &[Row]) -> usize {
    println!("{what}");
    let mut failed = 0;
    for Row(what, figure, guard) in rows {
        let fails = figure > guard;
        failed += usize::from(fails);
        println!("  {what:<43} {figure:>6} of {guard:>6}{}", if fails { "  TOO MUCH" } else { "" });
    }
    failed
}

fn main() -> ExitCode {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    // More threads would come and go when they like, and what they take would be counted.
    let runtime = builder.max_blocking_threads(1).enable_all().build().expect("a runtime");
    let failed = print("bytes of", &runtime.block_on(bytes_rows()))
        + print("allocations of 1,000 routines", &runtime.block_on(plain_rows()))
        + print("allocations of 1,000 that belong together", &runtime.block_on(many::rows()))
        + print("allocations of 1,000 that begin by themselves", &runtime.block_on(schedules::rows()))
        + print("allocations of 1,000 routines", &runtime.block_on(dressed_rows()));
    println!("{failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
