//! What the label of an `.await` costs: a routine of 10,000 awaits as the macro labels them, and the same with
//! `awaits = false`, of futures that are ready at once and of futures that wait once. That it adds no byte to a future is a
//! row of `cargo test -p routine-tests --test cost`.
//!
//! Needs valgrind. With `-- labelled ready 8` and the like it runs that many routines and says nothing, which is what
//! callgrind counts.

use std::process::ExitCode;

use routine::{Handle, routine};

use callgrind::instructions;
use figure::{Bound, Table, beside};
use wait::{AWAITS, Wait};

mod callgrind;
mod figure;
mod wait;

fn labelled(times: u8) -> Handle<()> {
    routine!(async move {
        for _ in 0..AWAITS {
            Wait(times).await;
        }
    })
}

fn plain(times: u8) -> Handle<()> {
    routine!(awaits = false, async move {
        for _ in 0..AWAITS {
            Wait(times).await;
        }
    })
}

fn run(start: fn(u8) -> Handle<()>, times: u8, batches: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        for _ in 0..batches {
            start(times).await.expect("awaits end well");
        }
    });
}

fn main() -> ExitCode {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [awaits, times, batches] = &arguments[..] {
        let start = if awaits == "labelled" { labelled } else { plain };
        run(start, u8::from(times == "pending"), batches.parse().expect("a number of batches"));
        return ExitCode::SUCCESS;
    }
    let mut table = Table::new();
    for times in ["ready", "pending"] {
        let each = |awaits| instructions(&[awaits, times], AWAITS);
        let (Some(labelled), Some(plain)) = (each("labelled"), each("plain")) else {
            eprintln!("valgrind is not installed");
            return ExitCode::from(2);
        };
        let what = format!("instructions of a labelled await, {times}");
        table.guarded(&what, labelled - plain, Bound { goal: 4.0, guard: 6.0 });
        beside("of the same await and its loop, not labelled", plain);
    }
    table.end()
}
