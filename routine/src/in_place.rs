//! A routine that its caller waits for in place: the body of a function, with trace, hooks and catch around it.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::birth;
use crate::current;
use crate::error::Error;
use crate::life::{self, Over, Turn};
use crate::panic;
use crate::registry::{Flags, Slot};
use crate::start::Start;
use crate::task;

/// What a routine in place does with what its body ended in. It is structured: whoever called it holds an `Err`, which is
/// counted and returned, not reported.
#[derive(Debug)]
pub struct Returns<O> {
    failed: fn(&O) -> bool,
    /// Makes the return value of a panic; without it the panic goes on to the caller.
    recover: Option<fn(Error) -> O>,
    /// Makes the return value of a body whose time ran out.
    time_out: Option<fn(Error) -> O>,
}

impl<O> Clone for Returns<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Returns<O> {}

impl<O> Returns<O> {
    /// Every value is a value.
    #[must_use]
    pub fn value() -> Self {
        Self { failed: |_| false, recover: None, time_out: None }
    }

    /// Turns a panic into a value.
    #[must_use]
    pub fn recovering(mut self, recover: fn(Error) -> O) -> Self {
        self.recover = Some(recover);
        self
    }

    /// Turns a time that ran out into a value.
    #[must_use]
    pub fn timing_out(mut self, time_out: fn(Error) -> O) -> Self {
        self.time_out = Some(time_out);
        self
    }
}

impl<T, E> Returns<Result<T, E>> {
    /// An `Err` counts as failed.
    #[must_use]
    pub fn result() -> Self {
        Self { failed: Result::is_err, recover: None, time_out: None }
    }
}

pin_project! {
    /// A body that its caller awaits. Dropped before it ended, it counts as cancelled.
    pub struct InPlace<F: Future> {
        slot: Option<&'static Slot>,
        returns: Returns<F::Output>,
        #[pin]
        body: Option<F>,
    }

    impl<F: Future> PinnedDrop for InPlace<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(slot) = this.slot.take() {
                life::abandon(slot, &mut || this.body.set(None));
            }
        }
    }
}

impl<F: Future> InPlace<F> {
    pub(crate) fn new(start: Start, body: F, returns: Returns<F::Output>) -> Self {
        Self { slot: Some(begin(start)), returns, body: Some(body) }
    }
}

impl<F: Future> Future for InPlace<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(slot) = *this.slot else { task::polled_after_its_end() };
        let turn = Turn::enter(slot);
        let mut output = None;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            if let Some(body) = this.body.as_mut().as_pin_mut() {
                if let Poll::Ready(value) = body.poll(cx) {
                    output = Some(value);
                    this.body.set(None);
                }
            }
        }));
        match (polled, output) {
            (Ok(()), None) => match turn.wait(cx) {
                Ok(()) => Poll::Pending,
                Err((turn, Over::Panicked(payload))) => {
                    *this.slot = None;
                    let recover = this.returns.recover;
                    Poll::Ready(panicked(turn, slot, payload, recover, &mut || this.body.set(None)))
                }
                // A routine in place is its caller's, and no member of a group.
                Err((turn, Over::TimedOut | Over::Killed)) => {
                    *this.slot = None;
                    life::drop_body(slot, &mut || this.body.set(None));
                    let error = turn.timed_out_in_place();
                    let time_out = this.returns.time_out;
                    Poll::Ready(time_out.expect("the macro sets it where it sets a timeout")(error))
                }
            },
            (Ok(()), Some(output)) => {
                *this.slot = None;
                ended(turn, (this.returns.failed)(&output));
                Poll::Ready(output)
            }
            (Err(payload), mut output) => {
                *this.slot = None;
                Poll::Ready(panicked(turn, slot, payload, this.returns.recover, &mut || {
                    drop(output.take());
                    this.body.set(None);
                }))
            }
        }
    }
}

/// Runs a body here, as a routine in place.
pub fn in_place_call<R>(start: Start, returns: Returns<R>, body: impl FnOnce() -> R) -> R {
    let slot = begin(start);
    let turn = Turn::enter(slot);
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(output) => {
            ended(turn, (returns.failed)(&output));
            output
        }
        Err(payload) => panicked(turn, slot, payload, returns.recover, &mut || ()),
    }
}

fn begin(mut start: Start) -> &'static Slot {
    let around = current::slot();
    start.flags = start.flags.with(Flags::IN_PLACE);
    if let Some(around) = around {
        if around.meta().wants_stack() {
            start.flags = start.flags.with(Flags::WANTS_STACK);
        }
        panic::goes_on(around);
    }
    birth::begin(start, around).slot
}

fn ended(turn: Turn, failed: bool) {
    if failed { turn.failed_in_place() } else { turn.completed() }
}

/// Ends a routine in place whose body panicked: the panic becomes a value, or goes on to the caller, marked as reported.
#[cold]
fn panicked<O>(
    turn: Turn,
    slot: &'static Slot,
    payload: Box<dyn Any + Send>,
    recover: Option<fn(Error) -> O>,
    drop_rest: &mut dyn FnMut(),
) -> O {
    match recover {
        Some(recover) => recover(task::panicked(turn, slot, payload, drop_rest)),
        None => {
            let exit = turn.begin_exit();
            let again = panic::was_reported(&*payload);
            let panic = panic::read(&*payload, slot.segment());
            let seen = panic.seen();
            life::drop_body(slot, drop_rest);
            drop(if again { turn.panicked_again(panic, exit) } else { turn.panicked(panic, exit) });
            panic::mark_reported(&*payload, seen);
            resume_unwind(payload)
        }
    }
}
