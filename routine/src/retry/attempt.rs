//! One attempt: a run of a body that may panic, or take too long, and leaves nothing behind.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::current;
use crate::life;
use crate::panic;

/// How an attempt ended.
pub(crate) enum Attempt<O> {
    Ended(O),
    Panicked(Box<dyn Any + Send>),
    TimedOut(Timeout),
}

/// The time that an attempt had, with the timer that has gone off.
pub(crate) struct Timeout {
    pub(crate) after: Duration,
    pub(crate) over: Pin<Box<Sleep>>,
}

/// Makes one attempt, within a time if it has one. What is left of it is dropped before this returns.
pub(crate) async fn attempt<F, Fut>(begin: F, time: Option<Duration>) -> Attempt<Fut::Output>
where
    F: FnOnce() -> Fut,
    Fut: Future,
{
    let mut body = match panic::contain(begin) {
        Ok(body) => pin!(Some(body)),
        Err(payload) => return Attempt::Panicked(payload),
    };
    let mut timeout = time.map(|after| Timeout { after, over: Box::pin(sleep(after)) });
    let polled = poll_fn(|cx| {
        match panic::contain(|| body.as_mut().as_pin_mut().map_or(Poll::Pending, |body| body.poll(cx))) {
            Ok(Poll::Ready(output)) => return Poll::Ready(Some(Ok(output))),
            Ok(Poll::Pending) => {}
            Err(payload) => return Poll::Ready(Some(Err(payload))),
        }
        match &mut timeout {
            Some(timeout) => timeout.over.as_mut().poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await;
    let mut left = || body.set(None);
    match (polled, timeout) {
        (Some(Err(payload)), _) => {
            // A panic of what is left does not replace the one that came first.
            match current::slot() {
                Some(slot) => life::drop_body(slot, &mut left),
                None => drop(panic::swallow(left)),
            }
            Attempt::Panicked(payload)
        }
        (Some(Ok(output)), _) => match panic::contain(left) {
            Ok(()) => Attempt::Ended(output),
            Err(payload) => {
                panic::swallow(|| drop(output));
                Attempt::Panicked(payload)
            }
        },
        (None, timeout) => match (panic::contain(left), timeout) {
            (Ok(()), Some(timeout)) => Attempt::TimedOut(timeout),
            (Err(payload), _) => Attempt::Panicked(payload),
            (Ok(()), None) => unreachable!("only a timer ends what has not ended"),
        },
    }
}
