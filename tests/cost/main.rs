//! What a routine costs, in figures that are exact: allocations and bytes. One thread, no harness; it fails beyond a guard.
//!
//! `cargo test -p routine-tests --test cost` in a dev build, with `--release` in a release build.

use std::future::Future;
use std::process::ExitCode;

use routine::__private::{SLOT_SIZE, keep};
use routine::{Handle, go};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Routines that are measured together.
const MANY: usize = 1_000;

/// A dev build boxes the body, so that tokio's task is compiled once.
const ALLOCATIONS: usize = if cfg!(debug_assertions) { 2 } else { 1 };

/// A row of the table: what, the figure, and the guard.
struct Row(&'static str, usize, usize);

/// Allocations of `MANY` routines, after as many to warm up.
async fn allocations(started: impl Fn() -> Handle<()>, awaited: bool) -> usize {
    let mut handles = Vec::with_capacity(MANY);
    let mut measured = 0;
    for _ in 0..2 {
        let region = Region::new(ALLOCATOR);
        for _ in 0..MANY {
            let handle = started();
            if awaited {
                handles.push(handle);
            }
        }
        for handle in handles.drain(..) {
            handle.await.expect("it ends well");
        }
        while !awaited && routine::stats().live > 1 {
            tokio::task::yield_now().await;
        }
        measured = region.change().allocations;
    }
    measured
}

/// Bytes of a parked task.
async fn parked_bytes() -> usize {
    let warm: Vec<_> = (0..MANY).map(|_| go(std::future::pending::<()>())).collect();
    tokio::task::yield_now().await;
    for handle in warm {
        handle.abort();
        let _ = handle.await;
    }
    let mut handles = Vec::with_capacity(MANY);
    let region = Region::new(ALLOCATOR);
    handles.extend((0..MANY).map(|_| go(std::future::pending::<()>())));
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

async fn measure() -> Vec<Row> {
    let guard = MANY * ALLOCATIONS;
    let mut rows = vec![
        Row("allocations of 1,000 routines, awaited", allocations(|| go(async {}), true).await, guard),
        Row("allocations of 1,000 routines, detached", allocations(|| go(async {}), false).await, guard),
    ];
    let inside = go_inside().await;
    rows.push(Row("allocations of 1,000 routines, inside a routine", inside, guard));
    rows.push(Row("bytes of a slot", SLOT_SIZE, 88));
    rows.push(Row("bytes that a labelled await adds to a future", label_bytes(), 0));
    // A dev build has a box and tokio's own checks besides.
    let task = if cfg!(debug_assertions) { 512 } else { 128 };
    rows.push(Row("bytes of a trivial routine's task", parked_bytes().await, task));
    rows
}

async fn go_inside() -> usize {
    routine::go_value(allocations(|| go(async {}), true)).await.expect("it ends well")
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let rows = runtime.block_on(measure());
    let mut failed = 0;
    for Row(what, figure, guard) in &rows {
        let fails = figure > guard;
        failed += usize::from(fails);
        println!("{what:<52} {figure:>8} of {guard:>8}{}", if fails { "  TOO MUCH" } else { "" });
    }
    println!("{} passed, {failed} failed", rows.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
