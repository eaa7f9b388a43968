//! Being asked to stop.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::current;
use crate::group::Shared;
use crate::registry::Slot;
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
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested(None) => f.write_str("on request"),
            Self::Requested(Some(text)) => write!(f, "on request: {}", text::clean(text, text::FIELD)),
            Self::SiblingFailed => f.write_str("since another member of its group failed"),
            Self::Deadline => f.write_str("since the deadline of its group has passed"),
            Self::Dropped => f.write_str("since its group was dropped"),
        }
    }
}

/// A future that resolves once the routine that is running here is asked to stop: by
/// [`Handle::cancel`](crate::Handle::cancel), or with its group. Outside a routine it never does.
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
    let own = slot.and_then(token).map(CancellationToken::cancelled_owned);
    let group = slot.and_then(group).map(|group| group.token().cancelled_owned());
    async move {
        let (mut own, mut group) = (pin!(own), pin!(group));
        poll_fn(|cx| {
            let mut ready = |future: Pin<&mut Option<_>>| {
                future
                    .as_pin_mut()
                    .is_some_and(|asked: Pin<&mut WaitForCancellationFutureOwned>| asked.poll(cx).is_ready())
            };
            if ready(own.as_mut()) || ready(group.as_mut()) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Whether the routine that is running here was asked to stop; `false` outside any. Blocking work that takes long looks
/// at it now and then.
#[must_use]
pub fn is_cancelled() -> bool {
    cancellation_reason().is_some()
}

/// Why the routine that is running here was asked to stop; `None` where it was not, and outside any.
#[must_use]
pub fn cancellation_reason() -> Option<CancelReason> {
    let slot = current::slot()?;
    let own = if slot.meta().is_routine() {
        slot.is_cancelled()
    } else {
        slot.with_cold(|cold| cold.extra()?.cancellation.clone()).flatten().is_some_and(|token| token.is_cancelled())
    };
    if own { Some(CancelReason::Requested(None)) } else { group(slot)?.reason() }
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
