//! What it costs to say where a task waits: an await labelled by routine's macro, in a frame of async-backtrace, in a span of
//! await-tree, over the same await plain, in instructions; of futures that are ready at once and of futures that wait once.
//!
//! Needs valgrind. With `-- await-tree ready 8` and the like it runs that many tasks of 10,000 awaits and says nothing, which
//! is what callgrind counts.

use std::process::ExitCode;

use async_backtrace::frame;
use await_tree::{Config, InstrumentAwait, Registry};
use routine::routine;
use routine_peers::one_thread;

use callgrind::instructions;
use wait::{AWAITS, Wait};

#[path = "../../callgrind/mod.rs"]
mod callgrind;
#[path = "../../wait/mod.rs"]
mod wait;

async fn plain(times: u8) {
    for _ in 0..AWAITS {
        Wait(times).await;
    }
}

async fn framed(times: u8) {
    for _ in 0..AWAITS {
        frame!(Wait(times)).await;
    }
}

async fn spanned(times: u8) {
    for _ in 0..AWAITS {
        Wait(times).instrument_await("wait").await;
    }
}

/// A task with its awaits labelled, or the same without the labels.
async fn run(what: &str, times: u8) {
    let registry = Registry::new(Config::default());
    match what {
        "routine" => routine!(async move {
            for _ in 0..AWAITS {
                Wait(times).await;
            }
        })
        .await
        .expect("awaits end well"),
        "routine-plain" => routine!(awaits = false, async move {
            for _ in 0..AWAITS {
                Wait(times).await;
            }
        })
        .await
        .expect("awaits end well"),
        "async-backtrace" => tokio::spawn(frame!(framed(times))).await.expect("awaits end well"),
        "async-backtrace-plain" => tokio::spawn(frame!(plain(times))).await.expect("awaits end well"),
        "await-tree" => {
            tokio::spawn(registry.register(0, "root").instrument(spanned(times))).await.expect("awaits end well");
        }
        "await-tree-plain" => {
            tokio::spawn(registry.register(0, "root").instrument(plain(times))).await.expect("awaits end well");
        }
        _ => panic!("no peer is called {what}"),
    }
}

fn main() -> ExitCode {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [what, times, batches] = &arguments[..] {
        let runtime = one_thread();
        for _ in 0..batches.parse::<usize>().expect("a number of batches") {
            runtime.block_on(run(what, u8::from(times == "pending")));
        }
        return ExitCode::SUCCESS;
    }
    println!("instructions of a labelled await, over a plain one");
    println!("{:<16} {:>8} {:>8}", "", "ready", "pending");
    for what in ["routine", "async-backtrace", "await-tree"] {
        let over = |times| {
            let labelled = instructions(&[what, times], AWAITS)?;
            Some(labelled - instructions(&[&format!("{what}-plain"), times], AWAITS)?)
        };
        let (Some(ready), Some(pending)) = (over("ready"), over("pending")) else {
            eprintln!("valgrind is not installed");
            return ExitCode::from(2);
        };
        println!("{what:<16} {ready:>8.0} {pending:>8.0}");
    }
    ExitCode::SUCCESS
}
