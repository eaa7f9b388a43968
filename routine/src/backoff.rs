//! How long to wait before the next attempt.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The first delay, where nobody says another.
const BASE: Duration = Duration::from_millis(100);
/// What a delay is multiplied with for the next one.
const FACTOR: f64 = 2.0;
/// The longest delay of an exponential back-off.
const MAX: Duration = Duration::from_secs(30);

/// How long [`Retry`](crate::Retry), [`Restart`](crate::Restart) and a [`Supervisor`](crate::Supervisor) wait before they try
/// again.
///
/// The default is exponential: 100 ms after the first failure, twice as long after each one that follows, 30 s at most, with
/// full [`Jitter`]; where restarts are concerned with equal jitter, since there one waits alone. No input makes it panic, wait longer than its `max`, or overflow.
///
/// ```
/// use std::time::Duration;
/// use routine::{Backoff, Jitter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backoff = Backoff::exponential(Duration::from_millis(50))?.max(Duration::from_secs(1))?.jitter(Jitter::None);
/// assert_eq!(backoff.delay(1), Duration::from_millis(50));
/// assert_eq!(backoff.delay(3), Duration::from_millis(200));
/// assert_eq!(backoff.delay(1_000), Duration::from_secs(1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Backoff {
    shape: Shape,
    max: Duration,
    jitter: Jitter,
}

#[derive(Clone)]
enum Shape {
    Exponential { base: Duration, factor: f64 },
    Constant(Duration),
    Custom(Arc<dyn Fn(u32) -> Duration + Send + Sync>),
}

/// How a delay is made random, so that those who failed together do not come back together.
///
/// Full jitter is what does least work in least time where many compete for one thing, see the
/// [comparison](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/) in the AWS Architecture Blog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// Anything between nothing and the delay.
    #[default]
    Full,
    /// Half of the delay, and anything up to its other half.
    Equal,
    /// The delay as it is.
    None,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { shape: Shape::Exponential { base: BASE, factor: FACTOR }, max: MAX, jitter: Jitter::Full }
    }
}

impl Backoff {
    /// `base` after the first failure, and twice as long after each one that follows, 30 s at most, with full jitter.
    ///
    /// # Errors
    /// With a base of zero, which would never grow: [`constant`](Self::constant) takes it.
    pub fn exponential(base: Duration) -> Result<Self, InvalidBackoff> {
        if base.is_zero() {
            return Err(InvalidBackoff(Invalid::NoBase));
        }
        Ok(Self { shape: Shape::Exponential { base, factor: FACTOR }, ..Self::default() })
    }

    /// Always `delay`, which may be zero, without jitter and without a maximum.
    #[must_use]
    pub const fn constant(delay: Duration) -> Self {
        Self { shape: Shape::Constant(delay), max: Duration::MAX, jitter: Jitter::None }
    }

    /// What `delay` says for the number of the attempt that failed, the first being 1, without jitter and without a maximum.
    ///
    /// It is called in the routine that is to wait, whose panic its own would be; a supervisor stops its children in order before.
    #[must_use]
    pub fn custom(delay: impl Fn(u32) -> Duration + Send + Sync + 'static) -> Self {
        Self { shape: Shape::Custom(Arc::new(delay)), max: Duration::MAX, jitter: Jitter::None }
    }

    /// The longest delay.
    ///
    /// # Errors
    /// With zero, under which there would be no delay at all: [`constant`](Self::constant) says so plainly.
    pub fn max(mut self, max: Duration) -> Result<Self, InvalidBackoff> {
        if max.is_zero() {
            return Err(InvalidBackoff(Invalid::NoMax));
        }
        self.max = max;
        Ok(self)
    }

    /// What each delay is multiplied with for the next one. Only an exponential back-off looks at it.
    ///
    /// # Errors
    /// With what is not finite, or less than 1, under which delays would shrink.
    pub fn factor(mut self, by: f64) -> Result<Self, InvalidBackoff> {
        if !by.is_finite() || by < 1.0 {
            return Err(InvalidBackoff(Invalid::Factor(by)));
        }
        if let Shape::Exponential { factor, .. } = &mut self.shape {
            *factor = by;
        }
        Ok(self)
    }

    /// How a delay is made random.
    #[must_use]
    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// How long to wait after the failure of that attempt, the first being 1. With jitter it is another each time.
    #[must_use]
    pub fn delay(&self, attempt: u32) -> Duration {
        let whole = self.whole(attempt.max(1));
        match self.jitter {
            Jitter::Full => up_to(whole),
            Jitter::Equal => whole.saturating_sub(up_to(whole / 2)),
            Jitter::None => whole,
        }
    }

    /// The delay before its jitter.
    fn whole(&self, attempt: u32) -> Duration {
        let delay = match &self.shape {
            Shape::Exponential { base, factor } => {
                // What is not finite any more is over any maximum, and so is what no duration holds.
                let seconds = base.as_secs_f64() * factor.powf(f64::from(attempt - 1));
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
            Shape::Constant(delay) => *delay,
            Shape::Custom(delay) => delay(attempt),
        };
        delay.min(self.max)
    }
}

/// Anything between nothing and `most`, in nanoseconds, or in seconds beyond the 584 years that a word of those holds.
fn up_to(most: Duration) -> Duration {
    match u64::try_from(most.as_nanos()) {
        Ok(nanos) => Duration::from_nanos(fastrand::u64(..=nanos)),
        Err(_) => Duration::from_secs(fastrand::u64(..=most.as_secs())),
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Backoff");
        match &self.shape {
            Shape::Exponential { base, factor } => debug.field("base", base).field("factor", factor),
            Shape::Constant(delay) => debug.field("constant", delay),
            Shape::Custom(_) => debug.field("custom", &format_args!("..")),
        };
        debug.field("max", &self.max).field("jitter", &self.jitter).finish()
    }
}

/// A back-off that could not be.
#[derive(Clone, Debug)]
pub struct InvalidBackoff(Invalid);

#[derive(Clone, Debug)]
enum Invalid {
    NoBase,
    NoMax,
    Factor(f64),
}

impl fmt::Display for InvalidBackoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Invalid::NoBase => f.write_str(
                "a back-off that begins with nothing never grows: give it a base, or use `Backoff::constant`",
            ),
            Invalid::NoMax => {
                f.write_str("a back-off of at most nothing is none: give it a maximum, or use `Backoff::constant`")
            }
            Invalid::Factor(factor) => {
                write!(f, "a back-off cannot grow by the factor {factor}: give it a finite one of at least 1")
            }
        }
    }
}

impl StdError for InvalidBackoff {}

#[cfg(test)]
mod tests;
