//! Errors that say when to try again.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::outcome::BoxError;
use crate::panic;

/// Errors of a chain that are looked at: a chain may have no end.
const CHAIN: usize = 64;

/// An error that says when to try again, such as the answer of a server that is busy.
///
/// [`Builder::spawn_retry`](crate::Builder::spawn_retry) finds it anywhere in the chain of sources of an error, and waits for as
/// long as it says: neither more nor less, whatever the back-off is. The time of the whole routine, its deadline, and being asked
/// to stop end that wait as any other.
///
/// ```
/// use std::time::Duration;
/// use routine::RetryAfter;
///
/// let busy = RetryAfter::new(Duration::from_secs(2), "503 Service Unavailable");
/// assert_eq!(RetryAfter::find(&std::io::Error::other(busy)), Some(Duration::from_secs(2)));
/// ```
#[derive(Debug)]
pub struct RetryAfter {
    after: Duration,
    source: BoxError,
}

impl RetryAfter {
    /// That `source` is worth another try after a time.
    pub fn new(after: Duration, source: impl Into<BoxError>) -> Self {
        Self { after, source: source.into() }
    }

    /// The time to wait.
    #[must_use]
    pub const fn after(&self) -> Duration {
        self.after
    }

    /// What the first such error in a chain of sources says; `None` where there is none among the first 64 errors.
    #[must_use]
    pub fn find(error: &(dyn StdError + 'static)) -> Option<Duration> {
        let mut next = Some(error);
        for _ in 0..CHAIN {
            let error = next?;
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found.after);
            }
            // An `io::Error` shows the source of what it was made from, and not that itself.
            let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = match inner {
                Some(inner) => Some(inner),
                None => panic::contain(|| error.source()).unwrap_or_else(|payload| {
                    panic::drop_payload(payload);
                    None
                }),
            };
        }
        None
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "to be tried again after {:?}", self.after)
    }
}

impl StdError for RetryAfter {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
