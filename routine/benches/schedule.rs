//! What schedules and supervisors do to the clock: how late runs begin, beside the ticks of tokio's interval; what schedules cost
//! that wait; and how long a supervisor takes to restart everything that it has.
//!
//! Other programs' work shows in all times, so each is measured in rounds, and the quietest counts. Half a minute.

use std::alloc::System;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use figure::{Bound, Table, beside};

mod figure;
mod firing;
mod idle;
mod restarts;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    println!("{:<56} {:>9} {:>7} {:>7}", "µs late, every 10 ms", "median", "99 %", "most");
    let idle = firing::print("no load", 0);
    let loaded = firing::print("load", firing::LOAD);
    println!();

    let mut table = Table::new();
    table.guarded("µs later than an interval, median, no load", idle, Bound { goal: 5.0, guard: 100.0 });
    table.guarded("the same, load", loaded, Bound { goal: 5.0, guard: 200.0 });

    let waiting = idle::measure();
    table.guarded("bytes of a schedule that waits, at 100,000", waiting.bytes, Bound { goal: 1_400.0, guard: 1_408.0 });
    match waiting.processor {
        Some(time) => table.guarded("ms of processor in 5 s, at 100,000", time, Bound { goal: 0.0, guard: 50.0 }),
        None => println!("the time of the processor is read on Linux alone"),
    }

    let restarts = restarts::measure();
    table.guarded("µs of a restart, 10,000 at once", restarts.unheard, Bound { goal: 10.0, guard: 50.0 });
    beside("the same, each with its record as text", restarts.written);
    table.end()
}
