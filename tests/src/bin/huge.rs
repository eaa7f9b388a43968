//! Messages of 100 MB: no worker dies of one, a record has only its head, nothing is copied, and nothing stays behind.

use std::fmt;

use routine::{Builder, Handle, Outcome, Policy, go, go_blocking, go_value};
use routine_tests::{Heap, Watch};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const HUGE: usize = 100_000_000;
/// What one case may allocate besides its message.
const BESIDES: usize = 1_000_000;
/// What may be there after it: threads that are still ending, of the exit's watchdog.
const BLOCKS: usize = 64;
const BYTES: usize = 64 << 10;
/// The longest record, with all its fields, and a stack.
const RECORD: usize = 64_000;

fn huge() -> String {
    "x\n".repeat(HUGE / 2)
}

#[derive(Debug)]
struct Holds(String);

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Holds {}

/// Its text is nowhere, and it does not stop where it is told that nobody listens.
#[derive(Debug)]
struct Tells;

impl fmt::Display for Tells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..HUGE / 100 {
            let _ = f.write_fmt(format_args!("{:100}", 7));
        }
        Ok(())
    }
}

impl std::error::Error for Tells {}

/// An error with a huge cause.
#[derive(Debug)]
struct Caused(Holds);

impl fmt::Display for Caused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("caused")
    }
}

impl std::error::Error for Caused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// A routine that fails with something huge, and the outcome that it must have.
type Case = (&'static str, Outcome, fn(Builder) -> Handle<()>);

const CASES: [Case; 6] = [
    ("a panic", Outcome::Panicked, |builder| builder.spawn(async { panics() })),
    ("a panic that was resumed", Outcome::Panicked, |builder| builder.spawn(async { resumes() })),
    ("an error that holds its text", Outcome::Failed, |builder| builder.spawn(async { Err::<(), _>(Holds(huge())) })),
    ("an error that is its text", Outcome::Failed, |builder| builder.spawn(async { Err::<(), _>(huge()) })),
    ("an error that tells its text", Outcome::Failed, |builder| builder.spawn(async { Err::<(), _>(Tells) })),
    ("a cause", Outcome::Failed, |builder| builder.spawn(async { Err::<(), _>(Caused(Holds(huge()))) })),
];

fn panics() {
    std::panic::panic_any(huge());
}

fn resumes() {
    std::panic::resume_unwind(Box::new(huge()));
}

async fn go_through((what, outcome, start): Case, policy: Policy, quiet: bool) {
    let builder = Builder::new().policy(policy);
    let before = Heap::of(ALLOCATOR.stats());
    let region = Region::new(ALLOCATOR);
    let handle = start(if quiet { builder.quiet() } else { builder });
    while !handle.is_finished() {
        tokio::task::yield_now().await;
    }
    if quiet {
        drop(handle);
    } else {
        assert_eq!(handle.await.unwrap_err().outcome(), Some(outcome), "{what}");
    }
    let allocated = region.change().bytes_allocated;
    let after = Heap::of(ALLOCATOR.stats());
    println!("{what}, {policy}, quiet: {quiet}: {allocated} bytes, then {after}");
    assert!(allocated < HUGE + BESIDES, "{what} was copied");
    assert!(after.is_flat_since(before, BLOCKS, BYTES), "{what} stays on the heap");
    // The only worker and the only thread for blocking work are still there.
    go(async {}).await.expect("it ends well");
    go_blocking(|| ()).await.expect("it ends well");
}

async fn all() {
    for policy in [Policy::Log, Policy::Recover, Policy::MustSuccess] {
        for case in CASES {
            go_through(case, policy, false).await;
            if policy != Policy::MustSuccess {
                go_through(case, policy, true).await;
            }
        }
    }
}

fn main() {
    Watch::install();
    std::panic::set_hook(Box::new(|_| ()));
    routine::set_exit(Some(|_| ()));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).max_blocking_threads(1).enable_all().build().expect("a runtime");
    // What looks up the names of a stack keeps what it has read, so that is to be there before.
    runtime.block_on(async {
        let recovered = Builder::new().policy(Policy::Recover).spawn(async { panics() }).await;
        assert!(recovered.unwrap_err().panic().is_some_and(|panic| panic.stack().is_some()));
    });
    let ran = runtime.block_on(async { go_value(all()).await });
    drop(std::panic::take_hook());
    ran.expect("see above");
    let watched = Watch::read();
    println!("{watched:?}");
    assert_eq!(watched.records, 1 + CASES.len() * 5);
    assert!(watched.longest < RECORD, "a record of {} bytes", watched.longest);
}
