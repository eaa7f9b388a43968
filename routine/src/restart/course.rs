//! How runs follow one another.

use std::future::Future;
use std::panic::resume_unwind;

use tokio::time::Instant;

use super::{Ending, Restart, RestartsExhausted, Window};
use crate::cancel;
use crate::current;
use crate::outcome::{Failed, IntoOutcome};
use crate::panic;
use crate::pause;
use crate::report::Again;
use crate::retry::attempt;

/// Runs a body until it ends in a way that is not followed by a restart.
pub(super) async fn run<F, Fut>(restart: Restart, mut work: F) -> Result<(), Failed>
where
    F: FnMut() -> Fut,
    Fut: Future<Output: IntoOutcome>,
{
    let mut window = Window::new(restart.budget);
    let (mut streak, mut restarts) = (0, 0_u64);
    loop {
        let began = Instant::now();
        let ending = Ending::of(attempt(&mut work, None).await);
        if !restart.kind.restarts(ending.is_failure()) || cancel::is_cancelled() {
            return ending.finish();
        }
        let now = Instant::now();
        if !window.admit(now) {
            ending.tell(Again::Restart { number: restarts, next: None });
            return Err(Failed::new(RestartsExhausted::new(window.budget(), ending.into_source())));
        }
        streak = window.streak(streak, began, now);
        let delay = match panic::contain(|| restart.backoff.delay(streak)) {
            Ok(delay) => delay,
            Err(payload) => {
                ending.tell(Again::Restart { number: restarts, next: None });
                ending.forget();
                resume_unwind(payload)
            }
        };
        if pause::is_too_late(delay) {
            return ending.finish();
        }
        restarts += 1;
        ending.tell(Again::Restart { number: restarts, next: Some(delay) });
        if let Some(slot) = current::slot() {
            slot.with_extra(|extra| extra.set_field("restarts", restarts.to_string()));
        }
        ending.forget();
        if !pause::pause(delay).await {
            // The last failure was told, and stopping here is what was asked for.
            return Ok(());
        }
    }
}
