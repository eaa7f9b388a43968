//! Work that is tried again when it fails.

mod after;
mod attempt;
mod course;
mod error;
mod missed;

use std::fmt::{self, Display};
use std::future::Future;
use std::num::NonZeroU32;
use std::panic::{Location, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::current;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::{BoxError, Failed, Failure};
use crate::spawn;
use crate::start::Start;
use crate::task::Settled;
use crate::timeout;

pub use after::RetryAfter;
pub(crate) use attempt::{Attempt, attempt};
pub use error::InvalidRetry;
use missed::{Kept, Missed};

/// Attempts, where nobody says how many.
const ATTEMPTS: NonZeroU32 = NonZeroU32::new(3).expect("3 is not 0");

/// How work is tried again: how often, after which errors, and with which [`Backoff`] between.
///
/// [`Builder::spawn_retry`](crate::Builder::spawn_retry) starts a routine that is retried; [`run`](Self::run) retries in place.
/// In either case:
///
/// - Every error is retried, unless [`when`](Self::when) says otherwise; a panic is not, unless [`panics`](Self::panics) says so.
/// - The wait is the back-off's, unless the error says how long to wait: through [`after`](Self::after), or as a [`RetryAfter`] in
///   its chain of sources. What an error asks for is neither shortened nor made random.
/// - A routine that is asked to stop ([`cancelled`](crate::cancelled)) makes no more attempts: a wait ends at once, and the last
///   error is what it ends in. An attempt that is under way is left to see for itself.
/// - Under a [`deadline`](crate::deadline) it waits only for attempts that would begin before it.
/// - Each attempt that failed is an event of level debug under the target `routine`, with its number as `routine.attempt`.
///
/// A `Retry` may be cloned, and used any number of times.
///
/// ```
/// use std::io::{Error, ErrorKind};
/// use std::time::Duration;
/// use routine::{Backoff, Builder, Retry};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut calls = 0;
/// let retry = Retry::times(5)?
///     .backoff(Backoff::exponential(Duration::from_millis(1))?)
///     .when(|error: &Error| error.kind() == ErrorKind::ConnectionReset);
/// let fetched = Builder::new().name("fetch").spawn_retry(retry, move || {
///     calls += 1;
///     async move { if calls < 3 { Err(Error::from(ErrorKind::ConnectionReset)) } else { Ok(calls) } }
/// });
/// assert_eq!(fetched.await?, 3);
/// # Ok(())
/// # }
/// ```
#[must_use = "it retries nothing until it is given to `Builder::spawn_retry`, or `run` is called"]
pub struct Retry<E = BoxError> {
    attempts: NonZeroU32,
    backoff: Backoff,
    panics: bool,
    attempt_timeout: Option<Duration>,
    when: Option<When<E>>,
    after: Option<After<E>>,
}

type When<E> = Arc<dyn Fn(&E) -> bool + Send + Sync>;
type After<E> = Arc<dyn Fn(&E) -> Option<Duration> + Send + Sync>;

impl<E> Default for Retry<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Clone for Retry<E> {
    fn clone(&self) -> Self {
        Self { backoff: self.backoff.clone(), when: self.when.clone(), after: self.after.clone(), ..*self }
    }
}

impl<E> Retry<E> {
    /// Three attempts in all, with the default [`Backoff`] between them.
    pub fn new() -> Self {
        let backoff = Backoff::default();
        Self { attempts: ATTEMPTS, backoff, panics: false, attempt_timeout: None, when: None, after: None }
    }

    /// So many attempts in all, the first included.
    ///
    /// # Errors
    /// With no attempt at all.
    pub fn times(attempts: u32) -> Result<Self, InvalidRetry> {
        let attempts = NonZeroU32::new(attempts).ok_or_else(InvalidRetry::no_attempt)?;
        Ok(Self { attempts, ..Self::new() })
    }

    /// How long to wait between attempts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Which errors to retry. Without it: all.
    pub fn when(mut self, retried: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(retried));
        self
    }

    /// What an error says of when to try again; with `None` it says nothing. It comes before a [`RetryAfter`] in its chain.
    pub fn after(mut self, after: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) -> Self {
        self.after = Some(Arc::new(after));
        self
    }

    /// Retries panics as well. The panic of the last attempt goes on as any panic does.
    pub const fn panics(mut self) -> Self {
        self.panics = true;
        self
    }

    /// The time that each attempt has, for [`Builder::spawn_retry`](crate::Builder::spawn_retry): an attempt that takes longer is
    /// dropped at its await, and retried. A routine whose last attempt takes longer is
    /// [`TimedOut`](crate::Outcome::TimedOut). Under a [`deadline`](crate::deadline) it is cut to the time that is left. The time
    /// for all attempts is [`Builder::timeout`](crate::Builder::timeout).
    ///
    /// Needs tokio's timers to be enabled; without them the routine panics, contained.
    ///
    /// # Errors
    /// With zero, in which no attempt would come to its end.
    pub fn attempt_timeout(mut self, after: Duration) -> Result<Self, InvalidRetry> {
        if after.is_zero() {
            return Err(InvalidRetry::no_time());
        }
        self.attempt_timeout = Some(after);
        Ok(self)
    }

    fn wants(&self, error: &E) -> bool {
        self.when.as_ref().is_none_or(|when| when(error))
    }

    fn asked(&self, error: &E) -> Option<Duration> {
        self.after.as_ref().and_then(|after| after(error))
    }
}

impl<E: Display + 'static> Retry<E> {
    /// Tries in place, in whatever runs here; no routine is started for it. A panic goes on to the caller.
    ///
    /// Outside a routine there is nobody to be asked to stop, and no deadline. A [`RetryAfter`] is found where it is the error
    /// itself, or in the chain of a [`BoxError`]; for an error type of yours say `.after(|error| RetryAfter::find(error))`.
    ///
    /// An [`attempt_timeout`](Self::attempt_timeout) is not looked at, since there is no `E` for an attempt that has none: have
    /// `work` return what `tokio::time::timeout` gives, in an error of yours.
    ///
    /// # Errors
    /// With the error of the last attempt.
    ///
    /// # Cancel safety
    /// Dropping the future drops the attempt that is under way, and makes no more.
    ///
    /// ```
    /// use routine::Retry;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut left = 2;
    /// let fetched = Retry::new().run(|| {
    ///     left -= 1;
    ///     async move { if left > 0 { Err("not yet") } else { Ok("here") } }
    /// });
    /// assert_eq!(fetched.await, Ok("here"));
    /// # }
    /// ```
    #[track_caller]
    pub fn run<T, F, Fut>(&self, work: F) -> impl Future<Output = Result<T, E>> + use<T, E, F, Fut>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let (retry, caller) = (self.clone(), Location::caller());
        async move {
            let missed = match course::run::<T, E, Kept<E>, F, Fut>(&retry, None, caller, work).await {
                Ok(value) => return Ok(value),
                Err((missed, _)) => missed,
            };
            match missed {
                Missed::Failed(kept) => Err(kept.into_inner()),
                Missed::Panicked(payload) => resume_unwind(payload),
                Missed::TimedOut(_) => unreachable!("attempts in place have all the time there is"),
            }
        }
    }
}

/// Starts a routine that is retried.
pub(crate) fn start<T, E, F, Fut>(start: Start, retry: Retry<E>, work: F) -> Result<Handle<T>, Error>
where
    T: Send + 'static,
    E: Failure,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
{
    let body = body(retry, Location::caller(), work);
    spawn::start::<Settled, _>(start.typed_as(std::any::type_name::<F>), body)
}

/// What a routine does that is retried: it ends as its last attempt did.
pub(crate) async fn body<T, E, F, Fut>(
    retry: Retry<E>,
    caller: &'static Location<'static>,
    work: F,
) -> Result<T, Failed>
where
    E: Failure,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let tried = course::run::<T, E, Failed, F, Fut>(&retry, retry.attempt_timeout, caller, work).await;
    let (missed, attempts) = match tried {
        Ok(value) => return Ok(value),
        Err(missed) => missed,
    };
    if let Some(slot) = current::slot() {
        slot.with_extra(|extra| extra.set_field("attempts", attempts.to_string()));
    }
    match missed {
        Missed::Failed(failed) => Err(failed),
        Missed::Panicked(payload) => resume_unwind(payload),
        Missed::TimedOut(over) => match timeout::run_out(over.after, over.over).await {},
    }
}

impl<E> fmt::Debug for Retry<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("backoff", &self.backoff)
            .field("panics", &self.panics)
            .field("attempt_timeout", &self.attempt_timeout)
            .finish_non_exhaustive()
    }
}
