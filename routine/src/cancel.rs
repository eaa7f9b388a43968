//! Being asked to stop.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::current;
use crate::group::Shared;
use crate::registry::Slot;
use crate::shutdown;
use crate::text;

/// Why a routine is to stop, or has ended before it returned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReason {
    /// [`Handle::cancel`](crate::Handle::cancel), [`Group::cancel`](crate::Group::cancel), or [`Scope::cancel`](crate::group::Scope::cancel), with the text that it was given.
    Requested(Option<Cow<'static, str>>),
    /// Another member of its group failed.
    SiblingFailed,
    /// The deadline of its group has passed.
    Deadline,
    /// Its group, or the future that ran it, was dropped.
    Dropped,
    /// The process is shutting down, see [`shutdown`](fn@crate::shutdown).
    Shutdown,
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested(None) => f.write_str("on request"),
            Self::Requested(Some(text)) => write!(f, "on request: {}", text::clean(text, text::FIELD)),
            Self::SiblingFailed => f.write_str("since another member of its group failed"),
            Self::Deadline => f.write_str("since the deadline of its group has passed"),
            Self::Dropped => f.write_str("since its group was dropped"),
            Self::Shutdown => f.write_str("since the process is shutting down"),
        }
    }
}

/// A future that resolves once the routine that is running here is asked to stop: by
/// [`Handle::cancel`](crate::Handle::cancel), with its group, by its [`deadline`], or by the [`shutdown`](fn@crate::shutdown) of
/// the process. Outside a routine only the last does.
///
/// Being asked ends nothing: a routine that should stop selects on this and returns. The routine is the one that calls this,
/// wherever the future is awaited: `axum::serve(..).with_graceful_shutdown(routine::cancelled())` works, though axum awaits it
/// in a task of its own.
///
/// # Cancel safety
/// Dropping the future loses nothing.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let handle = routine::go_value(async {
///     routine::cancelled().await;
///     "said goodbye"
/// });
/// handle.cancel();
/// assert_eq!(handle.await.unwrap(), "said goodbye");
/// # }
/// ```
pub fn cancelled() -> impl Future<Output = ()> + Send + 'static {
    let slot = current::slot();
    let own = slot.and_then(token);
    let group = slot.and_then(group).map(|group| group.token());
    let deadline = deadline();
    let shutdown = shutdown::token(phase(slot));
    async move {
        let mut own = pin!(own.map(CancellationToken::cancelled_owned));
        let mut group = pin!(group.map(CancellationToken::cancelled_owned));
        let mut shutdown = pin!(shutdown.cancelled_owned());
        // Made here, since a timer needs the runtime of whoever awaits it.
        let mut deadline = pin!(deadline.map(sleep_until));
        poll_fn(|cx| {
            let asked = is_ready(own.as_mut(), cx)
                || is_ready(group.as_mut(), cx)
                || is_ready(deadline.as_mut(), cx)
                || shutdown.as_mut().poll(cx).is_ready();
            if asked { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// What `future` ends in; `None` where the routine that is running here is asked to stop before that.
pub(crate) async fn unless_cancelled<F: Future>(future: F) -> Option<F::Output> {
    let (mut asked, mut future) = (pin!(cancelled()), pin!(future));
    poll_fn(|cx| {
        if asked.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

fn is_ready(future: Pin<&mut Option<impl Future<Output = ()>>>, cx: &mut Context<'_>) -> bool {
    future.as_pin_mut().is_some_and(|future| future.poll(cx).is_ready())
}

/// When the routine that is running here is to be over: the deadline of the innermost group around its start that has one, or
/// of one around that, if it is earlier. Inherited by everything that is started further down; the group enforces it on its
/// own members alone. A [`timeout`](crate::Builder::timeout) never goes beyond it, and [`cancelled`] resolves at it.
///
/// On tokio's clock. `None` where there is no deadline, and outside any routine.
#[must_use]
pub fn deadline() -> Option<Instant> {
    current::slot()?.with_cold(|cold| cold.heritage()?.deadline()).flatten()
}

/// Whether the routine that is running here was asked to stop; outside any, whether the process was. Blocking work that takes long looks
/// at it now and then.
#[must_use]
pub fn is_cancelled() -> bool {
    cancellation_reason().is_some()
}

/// Why the routine that is running here was asked to stop, or outside any, the process; `None` where it was not.
#[must_use]
pub fn cancellation_reason() -> Option<CancelReason> {
    let at_exit = || shutdown::asks(phase(current::slot())).then_some(CancelReason::Shutdown);
    let Some(slot) = current::slot() else { return at_exit() };
    let own = if slot.meta().is_routine() {
        slot.is_cancelled()
    } else {
        slot.with_cold(|cold| cold.extra()?.cancellation.clone()).flatten().is_some_and(|token| token.is_cancelled())
    };
    if own {
        return Some(CancelReason::Requested(None));
    }
    let passed = || deadline().filter(|deadline| *deadline <= Instant::now()).map(|_| CancelReason::Deadline);
    group(slot).and_then(|group| group.reason()).or_else(passed).or_else(at_exit)
}

/// The phase of the shutdown in which what is current is asked to stop.
fn phase(slot: Option<&'static Slot>) -> u8 {
    slot.map_or(0, Slot::phase)
}

/// The group of the routine that is current; of a scope, the one of the routine around it.
pub(crate) fn group(slot: &'static Slot) -> Option<Arc<Shared>> {
    slot.with_cold(|cold| cold.group().cloned()).flatten()
}

/// The token of the routine that is current, made by the first who asks; of a scope, the token of the routine around it.
pub(crate) fn token(slot: &'static Slot) -> Option<CancellationToken> {
    if !slot.meta().is_routine() {
        return slot.with_cold(|cold| cold.extra()?.cancellation.clone()).flatten();
    }
    let token = slot.with_extra(|extra| extra.cancellation.get_or_insert_default().clone());
    // Whoever asked before the token was there could not fire it.
    if slot.is_cancelled() {
        token.cancel();
    }
    Some(token)
}
