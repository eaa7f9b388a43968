//! The time that a routine has, on tokio's clock.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::cancel;
use crate::current;
use crate::life::Over;
use crate::panic;
use crate::registry::{Flags, Slot, Timeout};

/// Whether the time of a routine has run out. The timer is made by the first poll, since it needs a runtime's clock.
#[cold]
#[inline(never)]
pub(crate) fn poll(slot: &'static Slot, cx: &mut Context<'_>) -> Option<Over> {
    let mut timeout = slot.with_extra(|extra| extra.timeout.take())?;
    let left = cancel::deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
    if let (None, Some(left)) = (&timeout.sleep, left) {
        timeout.after = timeout.after.min(left);
    }
    let after = timeout.after;
    let polled = panic::contain(|| {
        let sleep = timeout.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(after)));
        sleep.as_mut().poll(cx)
    });
    slot.with_extra(|extra| extra.timeout = Some(timeout));
    match polled {
        Ok(Poll::Pending) => None,
        Ok(Poll::Ready(())) => Some(Over::TimedOut),
        Err(payload) => Some(Over::Panicked(payload)),
    }
}

/// Ends the routine that is current as timed out, at this await: a part of it did not end within `after`, and there is no
/// other. `over` is the timer of that part, which has gone off.
pub(crate) async fn run_out(after: Duration, over: Pin<Box<Sleep>>) -> Infallible {
    if let Some(slot) = current::slot() {
        let timeout = Timeout { after, sleep: Some(over) };
        drop(slot.with_extra(|extra| extra.timeout.replace(timeout)));
        slot.add(Flags::TIMEOUT);
    }
    pending().await
}
