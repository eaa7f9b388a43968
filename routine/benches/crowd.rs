//! The time of a spawn with 1,000,000 routines live against none live, in batches started and joined inside a routine.
//!
//! Each is a process of its own, asked for a batch in turn. In one process the crowd would have to come and go between the
//! batches, which leaves the allocator in another state than it found. That case is a third process, in which a crowd has come
//! and gone ten times: a row to read.

use std::env;
use std::future::pending;
use std::io::{BufRead, BufReader, Lines, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use batch::routines;
use figure::{Bound, Table, beside};
use pairs::Ratios;

mod batch;
mod figure;
mod pairs;

const CROWD: usize = 1_000_000;
const PAIRS: usize = 200;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

/// Parks a crowd, which is there until the runtime is dropped.
fn crowd() -> Runtime {
    let runtime = runtime();
    // In a task: it comes back from its yield behind all that it started, which the future of `block_on` does not.
    let parking = runtime.spawn(async {
        for _ in 0..CROWD / 1_000 {
            (0..1_000).for_each(|_| drop(routine::go(pending::<()>())));
            tokio::task::yield_now().await;
        }
    });
    runtime.block_on(parking).expect("parking ends well");
    runtime
}

/// Answers each line of its input with the nanoseconds of a batch.
fn serve(before: &str) {
    let _crowd = match before {
        "live" => Some(crowd()),
        "gone" => {
            (0..10).for_each(|_| drop(crowd()));
            None
        }
        _ => None,
    };
    let runtime = runtime();
    for _ in stdin().lines() {
        let start = Instant::now();
        runtime.block_on(async { routine::go(routines()).await.expect("a batch ends well") });
        println!("{}", start.elapsed().as_nanos());
        stdout().flush().expect("somebody reads");
    }
}

/// A process that serves batches, until it is dropped.
struct Server {
    process: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(before: &str) -> Self {
        let program = env::current_exe().expect("the path of this program");
        let mut process = Command::new(program)
            .arg(before)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts once more");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("its output is piped")).lines();
        Self { process, input, output }
    }

    fn batch(&mut self) -> Duration {
        let input = self.input.as_mut().expect("its input is piped");
        writeln!(input).expect("it waits for a line");
        let line = self.output.next().expect("it answers each line").expect("in text");
        Duration::from_nanos(line.parse().expect("with a number"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.input = None;
        self.process.wait().expect("it ends with its input");
    }
}

fn main() -> ExitCode {
    // Cargo adds `--bench` of its own.
    if let Some(before) = env::args().skip(1).find(|argument| argument != "--bench") {
        serve(&before);
        return ExitCode::SUCCESS;
    }
    let mut none = Server::start("none");
    let mut against = |before| {
        let mut server = Server::start(before);
        Ratios::measure(PAIRS, || none.batch(), || server.batch())
    };
    let mut table = Table::new();
    let live = against("live");
    table.guarded("time of a spawn, 1,000,000 live over none", live.median, Bound { goal: 1.0, guard: 1.2 });
    beside("lower quartile", live.lower);
    beside("upper quartile", live.upper);
    beside("after 1,000,000 came and went, over none", against("gone").median);
    table.end()
}
