//! Being asked to stop.

use std::future::{Future, pending};

use tokio_util::sync::CancellationToken;

use crate::current;
use crate::registry::{Flags, Slot};

/// A future that resolves once the routine that is running here is asked to stop, by
/// [`Handle::cancel`](crate::Handle::cancel). Outside a routine it never does.
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
    let token = current::slot().and_then(token);
    async move {
        match token {
            Some(token) => token.cancelled_owned().await,
            None => pending().await,
        }
    }
}

/// Whether the routine that is running here was asked to stop; `false` outside any. Blocking work that takes long looks
/// at it now and then.
#[must_use]
pub fn is_cancelled() -> bool {
    let Some(slot) = current::slot() else { return false };
    if slot.meta().is_routine() {
        return slot.is_cancelled();
    }
    slot.meta().has(Flags::EXTRA)
        && slot.with_extra(|extra| extra.cancellation.as_ref().is_some_and(CancellationToken::is_cancelled))
}

/// The token of the routine that is current, made by the first who asks; of a scope, the token of the routine around it.
pub(crate) fn token(slot: &'static Slot) -> Option<CancellationToken> {
    if !slot.meta().is_routine() {
        let filled = slot.meta().has(Flags::EXTRA);
        return filled.then(|| slot.with_extra(|extra| extra.cancellation.clone())).flatten();
    }
    let token = slot.with_extra(|extra| extra.cancellation.get_or_insert_default().clone());
    // Whoever asked before the token was there could not fire it.
    if slot.is_cancelled() {
        token.cancel();
    }
    Some(token)
}
