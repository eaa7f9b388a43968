//! What a routine costs, in figures that are exact: allocations and bytes. One thread, no harness; it fails beyond a guard.
//!
//! `cargo test -p routine-tests --test cost` in a dev build, with `--release` in a release build.

use std::future::{Future, pending};
use std::process::ExitCode;
use std::time::Duration;

use routine::__private::{SLOT_SIZE, keep};
use routine::prelude::*;
use routine::{Builder, Handle, go, go_blocking};
use routine_tests::Watch;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

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
            tokio::task::yield_now().await;
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

fn blocking() -> Handle<()> {
    go_blocking(|| ())
}

#[routine(in_place)]
async fn in_place() {
    tokio::task::yield_now().await;
}

#[routine(in_place)]
fn in_place_call() {}

async fn measure_allocations() -> Vec<Row> {
    let guard = MANY * ALLOCATIONS;
    let bare_blocking = allocations(|| async { tokio::task::spawn_blocking(|| ()).await.expect("it ends well") }).await;
    let mut rows = vec![
        Row("awaited", awaited(plain).await, guard),
        Row("detached", detached(plain).await, guard),
        Row("awaited, inside a routine", inside(awaited(plain)).await, guard),
        Row("detached, inside a routine", inside(detached(plain)).await, guard),
        Row("in place, a future", allocations(in_place).await, 0),
        Row("in place, a function", allocations(|| async { in_place_call() }).await, 0),
        Row("tokio's own on the blocking pool", bare_blocking, 9 * MANY),
        Row("blocking, awaited", awaited(blocking).await, 9 * MANY),
        Row("blocking, detached", detached(blocking).await, 9 * MANY),
        Row("with a name", awaited(|| Builder::new().name("named").spawn(async {})).await, guard + 9 * MANY),
        Row(
            "with a name made at run time",
            awaited(|| Builder::new().name("named".to_owned()).spawn(async {})).await,
            guard + 9 * MANY,
        ),
        Row("with a field", awaited(|| Builder::new().field("number", 7).spawn(async {})).await, guard + 9 * MANY),
        Row(
            "with a timeout",
            awaited(|| Builder::new().timeout(Duration::from_secs(9)).spawn(async {})).await,
            guard + 9 * MANY,
        ),
        Row(
            "with a timeout, waits",
            awaited(|| Builder::new().timeout(Duration::from_secs(9)).spawn(tokio::task::yield_now())).await,
            guard + 9 * MANY,
        ),
        Row("root", inside(awaited(|| Builder::new().root().spawn(async {}))).await, guard + 9 * MANY),
        Row(
            "aborted",
            allocations(|| async {
                let handle = go(pending::<()>());
                handle.abort();
                let _ = handle.await;
            })
            .await,
            guard + 9 * MANY,
        ),
        Row(
            "aborted detached",
            detached(|| {
                let handle = go(pending::<()>());
                handle.abort();
                handle
            })
            .await,
            guard + 9 * MANY,
        ),
        Row(
            "cancelled",
            awaited(|| {
                let h = go(async { routine::cancelled().await });
                h.cancel();
                h
            })
            .await,
            guard + 9 * MANY,
        ),
        Row(
            "scope",
            inside(allocations(|| async {
                let scope = routine::Trace::new();
                routine::trace::scope(scope, async {}).await
            }))
            .await,
            9 * MANY,
        ),
    ];
    routine::set_span_level(Some(tracing::Level::TRACE));
    rows.push(Row("spans on, no subscriber", awaited(plain).await, guard));
    routine::set_span_level(Some(tracing::Level::INFO));
    let hooks = routine::add_around_routine(|_| (), |_| ());
    rows.extend([
        Row("hooks, awaited", awaited(plain).await, guard),
        Row("hooks, detached", detached(plain).await, guard),
        Row("hooks, awaited, inside a routine", inside(awaited(plain)).await, guard),
        Row("hooks, detached, inside a routine", inside(detached(plain)).await, guard),
        Row("hooks, in place, a future", allocations(in_place).await, 0),
        Row(
            "hooks, aborted",
            detached(|| {
                let handle = go(pending::<()>());
                handle.abort();
                handle
            })
            .await,
            guard,
        ),
        Row("hooks, with a name", awaited(|| Builder::new().name("named").spawn(async {})).await, guard + 9 * MANY),
    ]);
    hooks.remove();
    Watch::install();
    rows.push(Row("a span", awaited(plain).await, guard + 99 * MANY));
    rows.push(Row(
        "a span that is off",
        {
            routine::set_span_level(None);
            awaited(plain).await
        },
        guard,
    ));
    rows
}

/// Bytes of a parked task.
async fn parked_bytes() -> usize {
    let warm: Vec<_> = (0..MANY).map(|_| go(pending::<()>())).collect();
    tokio::task::yield_now().await;
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
        tokio::task::yield_now().await;
        drop(text);
    };
    let labelled = async {
        let text = String::from("kept over an await");
        keep(tokio::task::yield_now(), line!()).await;
        drop(text);
    };
    size(&labelled).abs_diff(size(&bare))
}

async fn measure_bytes() -> Vec<Row> {
    // A dev build has a box and tokio's own checks besides.
    let task = if cfg!(debug_assertions) { 512 } else { 128 };
    vec![
        Row("a slot", SLOT_SIZE, 88),
        Row("a labelled await adds to a future", label_bytes(), 0),
        Row("a trivial routine's task", parked_bytes().await, task),
    ]
}

fn print(what: &str, rows: &[Row]) -> usize {
    println!("{what}");
    let mut failed = 0;
    for Row(what, figure, guard) in rows {
        let fails = figure > guard;
        failed += usize::from(fails);
        println!("  {what:<40} {figure:>8} of {guard:>8}{}", if fails { "  TOO MUCH" } else { "" });
    }
    failed
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let bytes = print("bytes", &runtime.block_on(measure_bytes()));
    let failed = bytes + print("allocations of 1,000 routines", &runtime.block_on(measure_allocations()));
    println!("{failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
