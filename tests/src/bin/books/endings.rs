//! The endings that are mixed.

use std::fmt;
use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use routine::prelude::*;
use routine::{Builder, Error, Handle, Outcome, Policy, go, go_blocking, go_value};
use tokio::runtime;
use tokio::task::yield_now;

use crate::tally::Tally;

/// How many [`Wave::start`] knows.
pub(crate) const KINDS: u64 = 30;

/// Panics when it is dropped.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any("its drop");
        }
    }
}

/// A payload whose drop panics with the next.
struct Again(u32);

impl Drop for Again {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Again(self.0 - 1));
        }
    }
}

/// An error that panics whatever is done with it.
#[derive(Debug)]
struct Hostile(#[expect(dead_code, reason = "it is dropped")] Vec<u8>);

impl fmt::Display for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_any("its display")
    }
}

impl std::error::Error for Hostile {}

impl Drop for Hostile {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any("its drop");
        }
    }
}

#[routine(in_place)]
async fn waits_in_place() {
    pending::<()>().await;
}

#[routine(in_place)]
async fn fails_in_place() -> Result<(), &'static str> {
    yield_now().await;
    Err("an error")
}

#[routine(in_place)]
fn panics_in_place() {
    resume_unwind(Box::new("a panic"));
}

/// Panics, in place of a body that returns nothing.
fn dies(payload: impl Send + 'static) {
    panic_any(payload);
}

/// Holds a value, and waits for ever.
async fn waits_with<T>(_held: T) {
    pending::<()>().await;
}

/// Aborts from another thread, in the middle of whatever the routine is doing.
struct Aborter {
    handles: mpsc::Sender<Handle<()>>,
    thread: JoinHandle<Vec<Handle<()>>>,
}

impl Aborter {
    fn new() -> Self {
        let (handles, incoming) = mpsc::channel::<Handle<()>>();
        let abort = |handle: Handle<()>| {
            handle.cancel();
            handle.abort();
            handle
        };
        Self { handles, thread: std::thread::spawn(move || incoming.iter().map(abort).collect()) }
    }
}

/// Routines that start together on one runtime.
pub(crate) struct Wave {
    counted: Tally,
    /// With how they must end, if that is known before.
    handles: Vec<(Handle<()>, Option<Outcome>)>,
    values: Vec<Handle<Panics>>,
    aborter: Aborter,
}

impl Wave {
    pub(crate) fn new() -> Self {
        Self { counted: Tally::default(), handles: Vec::new(), values: Vec::new(), aborter: Aborter::new() }
    }

    fn awaited(&mut self, handle: Handle<()>, outcome: Outcome) {
        self.handles.push((handle, Some(outcome)));
    }

    /// A routine that nobody waits for, and that ends in one way whatever becomes of its runtime.
    fn detached(&mut self, outcome: Outcome) {
        self.counted.known(outcome, 1);
    }

    /// Starts one routine.
    // One arm for each ending, which reads as the list that it is.
    #[allow(clippy::too_many_lines)]
    pub(crate) async fn start(&mut self, ordinal: u64) {
        // Both halves of a wave come to every kind.
        match ordinal / 2 % KINDS {
            0 => self.awaited(go(async {}), Outcome::Completed),
            1 => self.awaited(go(yield_now()), Outcome::Completed),
            2 => self.awaited(go(async { Err::<(), _>("an error") }), Outcome::Failed),
            3 => self.awaited(go(async { Err::<(), _>(Hostile(vec![1])) }), Outcome::Failed),
            4 => self.awaited(go(async { dies("a panic") }), Outcome::Panicked),
            5 => {
                // With a stack that nobody looks at: what finds the names keeps what it has read, some megabytes.
                let recover = Builder::new().policy(Policy::Recover).quiet();
                self.awaited(recover.spawn(async { dies(String::from("a panic")) }), Outcome::Panicked);
            }
            6 => self.awaited(go(async { dies(Again(5)) }), Outcome::Panicked),
            7 => {
                let unpolled = go(pending::<()>());
                unpolled.abort();
                self.awaited(unpolled, Outcome::Cancelled);
            }
            8 => {
                let waits = go(pending::<()>());
                yield_now().await;
                waits.abort();
                waits.abort();
                self.awaited(waits, Outcome::Cancelled);
            }
            9 => {
                let (give, given) = tokio::sync::oneshot::channel::<Handle<()>>();
                let own = go(async move {
                    if let Ok(own) = given.await {
                        own.abort();
                    }
                    pending::<()>().await;
                });
                let _ = give.send(own);
                self.detached(Outcome::Cancelled);
            }
            10 => {
                self.awaited(
                    Builder::new().timeout(Duration::from_millis(1)).spawn(pending::<()>()),
                    Outcome::TimedOut,
                );
            }
            11 => {
                let in_time = Builder::new().timeout(Duration::from_mins(10)).spawn(yield_now());
                self.awaited(in_time, Outcome::Completed);
            }
            12 => {
                Builder::new().timeout(Duration::from_mins(10)).spawn(pending::<()>());
                self.detached(Outcome::Cancelled);
            }
            13 => {
                go(waits_with(Panics));
                self.detached(Outcome::Cancelled);
            }
            14 => {
                let panics = go(waits_with(Panics));
                panics.abort();
                self.awaited(panics, Outcome::Cancelled);
            }
            15 => self.values.push(go_value(async { Panics })),
            16 => {
                let in_place = waits_in_place();
                assert!(pin!(in_place).poll(&mut Context::from_waker(Waker::noop())).is_pending());
                self.detached(Outcome::Cancelled);
            }
            17 => {
                assert!(fails_in_place().await.is_err());
                self.detached(Outcome::Failed);
            }
            18 => {
                assert!(catch_unwind(panics_in_place).is_err());
                self.detached(Outcome::Panicked);
            }
            19 => self.awaited(go_blocking(|| ()), Outcome::Completed),
            20 => self.awaited(go_blocking(|| dies("a panic")), Outcome::Panicked),
            21 => {
                let unstarted = go_blocking(|| ());
                unstarted.abort();
                self.handles.push((unstarted, None));
            }
            22 => {
                let asked = go(async { routine::cancelled().await });
                asked.cancel();
                self.awaited(asked, Outcome::Completed);
            }
            23 => {
                // Ready at once, and its drop panics after that.
                let held = Panics;
                let body = std::future::poll_fn(move |_| {
                    let _held = &held;
                    std::task::Poll::Ready(())
                });
                self.awaited(go(body), Outcome::Panicked);
            }
            24 | 25 => {
                let raced = go(async {
                    yield_now().await;
                    yield_now().await;
                });
                self.aborter.handles.send(raced).expect("it waits for more");
            }
            26 => {
                // Outside a `LocalSet`.
                assert!(catch_unwind(AssertUnwindSafe(|| Builder::new().spawn_local(async {}))).is_err());
                self.counted.rejected += 1;
            }
            27 => {
                let named = Builder::new().name(format!("number {ordinal}")).field("ordinal", ordinal);
                self.awaited(named.spawn(async { Err::<(), _>(String::from("an error")) }), Outcome::Failed);
            }
            28 => {
                let quiet = Builder::new().quiet().spawn(async { dies("a panic") });
                self.awaited(quiet, Outcome::Panicked);
            }
            _ => {
                let scoped = routine::trace::sync_scope(routine::Trace::new(), || go(yield_now()));
                self.awaited(scoped, Outcome::Completed);
            }
        }
        if ordinal % 128 < 2 {
            yield_now().await;
        }
    }

    /// Waits for those that end by themselves.
    pub(crate) async fn end(self) -> Tally {
        let Self { mut counted, mut handles, values, aborter } = self;
        drop(aborter.handles);
        while !aborter.thread.is_finished() {
            yield_now().await;
        }
        handles.extend(aborter.thread.join().expect("aborts do not panic").into_iter().map(|handle| (handle, None)));
        for (handle, expected) in handles {
            let outcome = match handle.await {
                Ok(()) => Outcome::Completed,
                Err(error) => outcome(error),
            };
            assert_eq!(outcome, expected.unwrap_or(outcome));
            counted.known(outcome, 1);
        }
        for value in values {
            while !value.is_finished() {
                yield_now().await;
            }
            // Nobody takes the value, so tokio drops it.
            drop(value);
            counted.known(Outcome::Completed, 1);
        }
        counted
    }
}

/// How it ended. What is in the error may panic when it is dropped.
fn outcome(error: Error) -> Outcome {
    let outcome = error.outcome().expect("it was started");
    let _ = catch_unwind(AssertUnwindSafe(|| drop(error)));
    outcome
}

/// Starts what its runtime may still run, or not.
pub(crate) fn late(ordinal: u64) {
    match ordinal % 5 {
        0 => drop(go(yield_now())),
        1 => drop(go(async { Err::<(), _>("an error") })),
        2 => drop(go(async { dies(Again(2)) })),
        3 => drop(go_blocking(|| ())),
        _ => drop(Builder::new().timeout(Duration::from_millis(1)).spawn(waits_with(Panics))),
    }
}

/// Starts from a thread that is none of a runtime's.
pub(crate) fn outside(runtime: &runtime::Handle) -> Tally {
    let mut counted = Tally::default();
    assert!(routine::try_go(async {}).is_err_and(|error| error.is_rejected()));
    counted.rejected += 1;
    Builder::new().spawn_on(runtime, pending::<()>());
    counted.known(Outcome::Cancelled, 1);
    counted
}
