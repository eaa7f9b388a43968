//! The supervised future: what a routine is to tokio.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::Error;
use crate::group::{Gate, member};
use crate::life::{self, Over, Turn};
use crate::outcome::{Failed, IntoOutcome};
use crate::panic;
use crate::registry::{Flags, Slot};

/// How what a body returned is told apart into a value and a failure.
pub(crate) trait Ending<Output> {
    type Value;

    fn end(output: Output) -> Result<Self::Value, Failed>;
}

/// Any value is a value.
#[derive(Debug)]
pub(crate) struct Plain;

impl<T> Ending<T> for Plain {
    type Value = T;

    #[inline]
    fn end(output: T) -> Result<T, Failed> {
        Ok(output)
    }
}

/// A `Result` may be a failure.
#[derive(Debug)]
pub(crate) struct Fallible;

impl<O: IntoOutcome> Ending<O> for Fallible {
    type Value = O::Value;

    #[inline]
    fn end(output: O) -> Result<O::Value, Failed> {
        output.into_outcome()
    }
}

/// Told apart already.
#[derive(Debug)]
pub(crate) struct Settled;

impl<T> Ending<Result<T, Failed>> for Settled {
    type Value = T;

    #[inline]
    fn end(output: Result<T, Failed>) -> Result<T, Failed> {
        output
    }
}

pin_project! {
    /// The body of a routine with its slot. The slot was taken at the spawn, so the books balance also where this is
    /// dropped before its first poll, by an abort or by a dying runtime.
    pub(crate) struct Task<K, F: Future> {
        #[pin]
        run: Run<F>,
        ending: PhantomData<fn() -> K>,
    }

    impl<K, F: Future> PinnedDrop for Task<K, F> {
        fn drop(this: Pin<&mut Self>) {
            if let Run::On { .. } = this.run {
                abandon(this.project().run);
            }
        }
    }
}

pin_project! {
    /// One type for both, so that what tells them apart takes no room of its own: tokio's task grows in steps.
    #[project = RunProj]
    enum Run<F> {
        On { slot: &'static Slot, #[pin] body: F },
        Over,
    }
}

impl<K, F: Future> Task<K, F> {
    #[inline]
    pub(crate) fn new(slot: &'static Slot, body: F) -> Self {
        Self { run: Run::On { slot, body }, ending: PhantomData }
    }

    /// The body, of one that was never pinned.
    pub(crate) fn into_body(mut self) -> Option<F> {
        match mem::replace(&mut self.run, Run::Over) {
            Run::On { body, .. } => Some(body),
            Run::Over => None,
        }
    }
}

impl<K, F> Future for Task<K, F>
where
    F: Future,
    K: Ending<F::Output>,
{
    type Output = Result<K::Value, Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut run = self.project().run;
        let RunProj::On { slot, body } = run.as_mut().project() else { polled_after_its_end() };
        let slot: &'static Slot = slot;
        // One way out for all that go wrong, since every way out is compiled into every place that starts a routine.
        let short = 'short: {
            let turn = if slot.meta().has(Flags::GROUPED.with(Flags::SPAN)) {
                match member::admit(slot, cx) {
                    Ok(turn) => turn,
                    Err(Gate::Killed) => break 'short Short::Killed,
                    Err(Gate::Refused) => break 'short Short::Refused,
                    Err(_) => return Poll::Pending,
                }
            } else {
                Turn::enter_plain(slot)
            };
            match catch_unwind(AssertUnwindSafe(|| body.poll(cx).map(K::end))) {
                Ok(Poll::Pending) => match turn.wait(cx) {
                    Ok(()) => return Poll::Pending,
                    Err((turn, over)) => Short::Over(turn, over),
                },
                Ok(Poll::Ready(Ok(value))) => {
                    return Poll::Ready(match catch_unwind(AssertUnwindSafe(rest(run.as_mut()))) {
                        Ok(()) => {
                            turn.completed();
                            Ok(value)
                        }
                        Err(payload) => Err(panicked_late(turn, slot, payload, value)),
                    });
                }
                Ok(Poll::Ready(Err(failed))) => Short::Failed(turn, failed),
                Err(payload) => Short::Over(turn, Over::Panicked(payload)),
            }
        };
        Poll::Ready(Err(cut_short(slot, short, &mut rest(run.as_mut()))))
    }
}

/// What ends a routine otherwise than by a value.
enum Short {
    Over(Turn, Over),
    Failed(Turn, Failed),
    /// Its group is over, and it had no turn any more.
    Killed,
    /// The process is shutting down, and it had no turn at all.
    Refused,
}

/// Drops what is left of a body. Holds the pointer itself, so that `poll` need not keep it in memory for a path that few take.
#[inline]
fn rest<F>(mut run: Pin<&mut Run<F>>) -> impl FnMut() {
    move || run.set(Run::Over)
}

#[cold]
#[inline(never)]
fn cut_short(slot: &'static Slot, short: Short, drop_rest: &mut dyn FnMut()) -> Error {
    match short {
        Short::Over(turn, Over::TimedOut) => {
            let exit = turn.begin_exit();
            life::drop_body(slot, drop_rest);
            turn.timed_out(exit)
        }
        Short::Over(turn, Over::Killed) => member::end_killed(turn, drop_rest),
        Short::Over(turn, Over::Panicked(payload)) => panicked(turn, slot, payload, drop_rest),
        Short::Failed(turn, failed) => self::failed(turn, slot, failed, drop_rest),
        Short::Killed => member::kill(slot, drop_rest),
        Short::Refused => life::turn_away(slot, drop_rest),
    }
}

/// Ends a routine that had a value, and panicked over what it left behind.
#[cold]
#[inline(never)]
fn panicked_late<T>(turn: Turn, slot: &'static Slot, payload: Box<dyn Any + Send>, value: T) -> Error {
    let mut value = Some(value);
    panicked(turn, slot, payload, &mut || drop(value.take()))
}

/// Kept out of the drop, which tokio compiles into several places and runs four times for each task.
#[cold]
#[inline(never)]
fn abandon<F: Future>(mut run: Pin<&mut Run<F>>) {
    if let Run::On { slot, .. } = *run {
        life::abandon(slot, &mut || run.set(Run::Over));
    }
}

/// Ends a routine whose body returned an error. What is left of the body may panic when it is dropped, which then decides how
/// the routine ended; the error is told all the same.
fn failed(turn: Turn, slot: &'static Slot, failed: Failed, drop_rest: &mut dyn FnMut()) -> Error {
    let exit = turn.begin_exit();
    match panic::contain(drop_rest) {
        Ok(()) => turn.failed(failed, exit),
        Err(payload) => {
            // The error's own drop may panic, too.
            let mut failed = Some(failed);
            life::drop_body(slot, &mut || {
                if let Some(failed) = failed.take() {
                    turn.report_besides(failed);
                }
            });
            let panic = panic::take(payload, slot.segment());
            turn.panicked(panic, exit)
        }
    }
}

/// Ends a routine whose body panicked: what it left behind is dropped, and a panic of that is a report of its own.
#[cold]
#[inline(never)]
pub(crate) fn panicked(
    turn: Turn,
    slot: &'static Slot,
    payload: Box<dyn Any + Send>,
    drop_rest: &mut dyn FnMut(),
) -> Error {
    let exit = turn.begin_exit();
    let again = panic::was_reported(&*payload);
    let panic = panic::take(payload, slot.segment());
    life::drop_body(slot, drop_rest);
    if again { turn.panicked_again(panic, exit) } else { turn.panicked(panic, exit) }
}

#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn polled_after_its_end() -> ! {
    panic!("a routine was polled after it had ended")
}

#[cfg(test)]
mod tests;
