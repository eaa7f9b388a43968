//! The wait before something is tried again, which ends when the routine is asked to stop.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cancel;

/// Waits. `false` where the routine is asked to stop, before or meanwhile.
pub(crate) async fn pause(delay: Duration) -> bool {
    if delay.is_zero() {
        // Not by a timer, which would take a tick of the clock and needs timers to be enabled; and not at once, so that what
        // fails at once and for ever starves nobody.
        tokio::task::yield_now().await;
        return !cancel::is_cancelled();
    }
    cancel::unless_cancelled(sleep(delay)).await.is_some()
}

/// Whether what begins after `delay` would begin after the [`deadline`](crate::deadline).
pub(crate) fn is_too_late(delay: Duration) -> bool {
    let begins = Instant::now().checked_add(delay);
    cancel::deadline().is_some_and(|deadline| begins.is_none_or(|begins| begins >= deadline))
}

/// The time until the [`deadline`](crate::deadline); `None` where there is none.
pub(crate) fn time_left() -> Option<Duration> {
    cancel::deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()))
}
