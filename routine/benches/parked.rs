//! Bytes that a parked routine costs over a bare parked task, at 1,000,000 of them.
//!
//! They are what the program asked its allocator for and has not given back, so they are exact. No handle is kept. What a
//! slot costs is the same for every body; what tokio's task costs goes in steps of 128 bytes, and a body that fills one to
//! its end takes the next because of the routine's word, so bodies of many sizes are shown beside the trivial one.

// The counts here are far below 2^52.
#![allow(clippy::cast_precision_loss)]

use std::alloc::System;
use std::future::pending;
use std::hint::black_box;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::task::yield_now;

use figure::{Bound, Table, beside};

mod figure;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PARKED: usize = 1_000_000;
/// Started between two turns of the runtime, so that its queue stays small.
const TURN: usize = 1_000;

/// The bytes of each of `count` that `start` starts and that then wait for ever.
fn bytes(count: usize, start: impl Fn() + Send + 'static) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // In a task: it comes back from its yield behind all that it started, which the future of `block_on` does not.
    let parking = runtime.spawn(async move {
        let region = Region::new(ALLOCATOR);
        for _ in 0..count / TURN {
            (0..TURN).for_each(|_| start());
            yield_now().await;
        }
        let change = region.change();
        (change.bytes_allocated - change.bytes_deallocated) as f64 / count as f64
    });
    runtime.block_on(parking).expect("parking ends well")
}

async fn body<const SIZE: usize>() {
    let held = black_box([0_u8; SIZE]);
    pending::<()>().await;
    black_box(&held);
}

fn bare<const SIZE: usize>() {
    tokio::spawn(body::<SIZE>());
}

fn routine<const SIZE: usize>() {
    routine::go(body::<SIZE>());
}

/// What tokio's task costs more around a routine whose body holds `SIZE` bytes. The slots are there already.
fn task<const SIZE: usize>() -> f64 {
    bytes(TURN, routine::<SIZE>) - bytes(TURN, bare::<SIZE>)
}

fn main() -> ExitCode {
    let mut table = Table::new();
    let bare = bytes(PARKED, || drop(tokio::spawn(pending::<()>())));
    let routines = bytes(PARKED, || drop(routine::go(pending::<()>())));
    assert_eq!(routine::stats().cancelled, PARKED as u64, "all were parked until their runtime ended");
    beside("bytes of a parked task", bare);
    table.guarded("bytes a parked routine, over a bare task", routines - bare, Bound { goal: 88.0, guard: 128.0 });
    macro_rules! mean {
        ($($size:literal)*) => {{
            let tasks = [$(task::<$size>()),*];
            tasks.iter().sum::<f64>() / tasks.len() as f64
        }};
    }
    let mean = mean!(0 8 16 24 32 40 48 56 64 72 80 88 96 104 112 120 128 136 144 152 160 168 176 184 192 200 208 216 224 232 240 248);
    beside("the same, mean of bodies that hold 0 to 248 bytes", routines - bare + mean);
    table.end()
}
