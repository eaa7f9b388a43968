//! How attempts follow one another.

use std::future::Future;
use std::panic::{Location, resume_unwind};
use std::time::Duration;

use super::Retry;
use super::attempt::{Attempt, attempt};
use super::missed::{Last, Missed};
use crate::cancel;
use crate::panic;
use crate::pause;
use crate::report::Again;

/// Tries until there is a value or there are no more attempts; then the last one is what is left, with their number.
pub(super) async fn run<T, E, L, F, Fut>(
    retry: &Retry<E>,
    attempt_timeout: Option<Duration>,
    caller: &'static Location<'static>,
    mut work: F,
) -> Result<T, (Missed<L>, u32)>
where
    L: Last<E>,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut number = 1;
    loop {
        let time = attempt_timeout.map(|time| pause::time_left().map_or(time, |left| left.min(time)));
        // What a user's code says of whether to try again, and when. Its panic comes after the record of the attempt.
        let (missed, says) = match attempt(&mut work, time).await {
            Attempt::Ended(Ok(value)) => return Ok(value),
            Attempt::Ended(Err(error)) => {
                let says = panic::contain(|| (retry.wants(&error), retry.asked(&error)));
                let last = L::of(error);
                let says =
                    says.and_then(|(retried, asked)| panic::contain(|| (retried, asked.or_else(|| last.after()))));
                (Missed::Failed(last), says)
            }
            Attempt::Panicked(payload) => (Missed::Panicked(payload), Ok((retry.panics, None))),
            Attempt::TimedOut(timeout) => (Missed::TimedOut(timeout), Ok((true, None))),
        };
        let next = match says.and_then(|(retried, after)| panic::contain(|| next(retry, number, retried, after))) {
            Ok(next) => next,
            Err(payload) => {
                missed.tell(Again::Attempt { number, of: retry.attempts.get(), next: None }, caller);
                missed.forget();
                resume_unwind(payload)
            }
        };
        missed.tell(Again::Attempt { number, of: retry.attempts.get(), next }, caller);
        match next {
            Some(delay) if pause::pause(delay).await => missed.forget(),
            _ => return Err((missed, number)),
        }
        number += 1;
    }
}

/// How long to wait for the next attempt; `None` where there is none.
fn next<E>(retry: &Retry<E>, number: u32, retried: bool, after: Option<Duration>) -> Option<Duration> {
    if !retried || number >= retry.attempts.get() || cancel::is_cancelled() {
        return None;
    }
    let delay = after.unwrap_or_else(|| retry.backoff.delay(number));
    (!pause::is_too_late(delay)).then_some(delay)
}
