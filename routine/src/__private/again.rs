//! What runs later, or more than once. The settings come from literals that the macros have checked; what is left to go wrong
//! is the place, as with every start, and panics at the line of the caller.

use std::convert::Infallible;
use std::future::Future;
use std::panic::{Location, resume_unwind};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::backoff::Backoff;
use crate::carrier;
use crate::handle::Handle;
use crate::outcome::{Failed, Failure, IntoOutcome};
use crate::restart::{self, Restart};
use crate::retry::{self, Retry};
use crate::schedule::{self, InvalidSchedule, Options, Schedule, When};
use crate::spawn;
use crate::start::Start;

/// Runs a closure once in every period.
#[track_caller]
pub fn every<F, Fut>(start: Start, first: Option<Duration>, period: Duration, work: F) -> Schedule
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    scheduled(schedule::start_every(start.outlives(), Options::beginning(first), period, work))
}

/// Runs a closure at the times of a cron line.
#[cfg(feature = "cron")]
#[track_caller]
pub fn cron<F, Fut>(start: Start, line: &str, zone: &str, work: F) -> Schedule
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let cron = schedule::Cron::parse(line).and_then(|cron| cron.in_zone(zone)).map_err(InvalidSchedule::from);
    scheduled(cron.and_then(|cron| {
        schedule::start_calendar(start.outlives(), Options::default(), std::sync::Arc::new(cron), work)
    }))
}

/// Says what is missing.
#[cfg(not(feature = "cron"))]
pub fn cron<F: HasFeatureCron>(_: Start, _: &str, _: &str, _: F) -> Schedule {
    unreachable!("`HasFeatureCron` has no implementation")
}

/// Nothing has it where the feature is off.
#[cfg(not(feature = "cron"))]
#[diagnostic::on_unimplemented(
    message = "`#[routine(cron = ..)]` needs the feature `cron` of the crate `routine`",
    label = "add `features = [\"cron\"]` to the dependency"
)]
pub trait HasFeatureCron {}

#[track_caller]
fn scheduled<T>(started: Result<T, InvalidSchedule>) -> T {
    match started {
        Ok(schedule) => schedule,
        Err(error) => panic!("{error}"),
    }
}

/// Runs a closure once, after a time.
#[track_caller]
pub fn after<F, Fut>(start: Start, delay: Duration, work: F) -> Handle<<Fut::Output as IntoOutcome>::Value>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    scheduled(schedule::start_once(start, Options::default(), When::After(delay), work))
}

/// The settings of a retry.
///
/// # Panics
/// With settings that the macros refuse.
pub fn retrying<E>(
    times: Option<u32>,
    base: Option<Duration>,
    max: Option<Duration>,
    attempt: Option<Duration>,
) -> Retry<E> {
    let retry = times.map_or_else(|| Ok(Retry::new()), Retry::times).expect("the macro has checked it");
    let backoff = base.map_or_else(|| Ok(Backoff::default()), Backoff::exponential);
    let backoff = match max {
        Some(max) => backoff.and_then(|backoff| backoff.max(max)),
        None => backoff,
    };
    let retry = retry.backoff(backoff.expect("the macro has checked it"));
    match attempt {
        Some(time) => retry.attempt_timeout(time).expect("the macro has checked it"),
        None => retry,
    }
}

/// Starts a closure that is called again after an error.
#[track_caller]
pub fn retry<T, E, F, Fut>(start: Start, retry: Retry<E>, work: F) -> Handle<T>
where
    T: Send + 'static,
    E: Failure,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
{
    spawn::started(retry::start(start, retry, work))
}

/// What is retried within a routine ends in.
#[derive(Debug)]
pub struct Tried<T>(Result<T, Failed>);

impl<T> IntoOutcome for Tried<T> {
    type Value = T;

    fn into_outcome(self) -> Result<T, Failed> {
        self.0
    }
}

/// Calls a closure again after an error, in the routine that runs here: the run of a schedule.
pub fn tried<T, E, F, Fut>(retry: Retry<E>, work: F) -> impl Future<Output = Tried<T>>
where
    E: Failure,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let caller = Location::caller();
    async move { Tried(retry::body(retry, caller, work).await) }
}

/// Starts a closure that is called again when what it gives ends.
///
/// # Panics
/// With settings that the macros refuse.
#[track_caller]
pub fn restart<F, Fut>(start: Start, max: Option<u32>, within: Option<Duration>, work: F) -> Handle<()>
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome> + Send + 'static,
{
    let restart = Restart::permanent().budget_of(max, within).expect("the macro has checked it");
    spawn::started(restart::start(start, restart, work))
}

/// A future of a value that is none of an outcome.
pub async fn plain<F: Future>(future: F) -> Result<F::Output, Infallible> {
    Ok(future.await)
}

/// Runs blocking work on a thread, as a part of the routine that is current. Dropped before it runs, it does not.
pub async fn on_a_thread<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    struct EndWhenDropped<R>(JoinHandle<R>);

    impl<R> Drop for EndWhenDropped<R> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    let mut running = EndWhenDropped(tokio::task::spawn_blocking(carrier().wrap(work)));
    match (&mut running.0).await {
        Ok(result) => result,
        Err(lost) => match lost.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            // The runtime is shutting down, and is about to drop this, too.
            Err(_) => std::future::pending().await,
        },
    }
}
