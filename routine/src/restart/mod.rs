//! Loops that must not end: a body that is run again when it does.

mod course;
mod ending;
mod error;
mod window;

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::backoff::{Backoff, Jitter};
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::spawn;
use crate::start::Start;
use crate::task::Settled;

pub(crate) use ending::Ending;
pub use error::{InvalidRestart, RestartsExhausted};
pub(crate) use window::Window;

/// Which endings are followed by a restart, in the words of Erlang/OTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RestartKind {
    /// Every one: it is to run for ever.
    #[default]
    Permanent,
    /// An `Err` and a panic; one that returns has done its work.
    Transient,
    /// None.
    Temporary,
}

impl RestartKind {
    pub(crate) const fn restarts(self, failed: bool) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => failed,
            Self::Temporary => false,
        }
    }

    /// The kind in one word, as Erlang/OTP has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Transient => "transient",
            Self::Temporary => "temporary",
        }
    }
}

impl fmt::Display for RestartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often there may be a restart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) max: u32,
    pub(crate) within: Duration,
}

impl Default for Budget {
    /// What [`Restart`]'s documentation counts out. The time is longer than all of the waits, so that it is used up for certain.
    fn default() -> Self {
        Self { max: 10, within: Duration::from_secs(120) }
    }
}

/// The waits between restarts, where nobody says others: half of each is certain, and so is that the budget lasts.
pub(crate) fn default_backoff() -> Backoff {
    Backoff::default().jitter(Jitter::Equal)
}

/// How a loop that must not end is run again when it does: after which endings, how often at most, and with which [`Backoff`].
///
/// [`Builder::spawn_restart`](crate::Builder::spawn_restart) starts such a loop. The back-off begins anew once a run has lasted for
/// as long as the window of the budget.
///
/// # How long the default lasts
/// The default is a budget of 10 restarts within two minutes, and the default [`Backoff`] with [`Jitter::Equal`]. What fails at once
/// each time uses it up after 40 s at least, 61 s on average, and 81 s at most; the time of the runs themselves comes on top. So what
/// is gone for half a minute does not end the loop, and what is gone for good does. This is the sum of the ten waits: they are 0.1 s,
/// 0.2 s and so on up to 25.6 s, and 30 s, 81.1 s in all; with equal jitter each is half of that at least, and three quarters on
/// average. Erlang/OTP's default of 1 within 5 s is used up by a second failure at once.
///
/// With a budget or a back-off of your own, add up the waits in the same way. A window that is shorter than their sum may never be used
/// up, since the waits alone spread the restarts.
///
/// ```
/// use std::time::Duration;
/// use routine::{Builder, Restart};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let restart = Restart::transient().budget(20, Duration::from_secs(600))?;
/// let mut failures = 2;
/// let consumer = Builder::new().name("consumer").spawn_restart(restart, move || {
///     failures -= 1;
///     async move { if failures > 0 { Err("the connection is gone") } else { Ok(()) } }
/// });
/// consumer.await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "it restarts nothing until it is given to `Builder::spawn_restart`"]
#[derive(Clone, Debug)]
pub struct Restart {
    kind: RestartKind,
    budget: Budget,
    backoff: Backoff,
}

impl Restart {
    /// A restart after every ending.
    pub fn permanent() -> Self {
        Self::of(RestartKind::Permanent)
    }

    /// A restart after an `Err` and a panic; a body that returns ends the routine.
    pub fn transient() -> Self {
        Self::of(RestartKind::Transient)
    }

    /// No restart.
    pub fn temporary() -> Self {
        Self::of(RestartKind::Temporary)
    }

    /// As the kind says.
    pub fn of(kind: RestartKind) -> Self {
        Self { kind, budget: Budget::default(), backoff: default_backoff() }
    }

    /// At most so many restarts within any time of that length, on tokio's clock. The one that would be too many ends the routine
    /// with [`RestartsExhausted`]; with a `max` of 0 that is the first. 10 within two minutes unless this says otherwise.
    ///
    /// # Errors
    /// With a time of zero, within which nothing is counted.
    pub fn budget(mut self, max: u32, within: Duration) -> Result<Self, InvalidRestart> {
        if within.is_zero() {
            return Err(InvalidRestart::no_window());
        }
        self.budget = Budget { max, within };
        Ok(self)
    }

    /// The budget where only one of its parts may be given.
    pub(crate) fn budget_of(self, max: Option<u32>, within: Option<Duration>) -> Result<Self, InvalidRestart> {
        let Budget { max: most, within: window } = self.budget;
        self.budget(max.unwrap_or(most), within.unwrap_or(window))
    }

    /// How long to wait before a restart. The default is that of [`Backoff`], but with [`Jitter::Equal`].
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }
}

/// Starts a loop that is restarted.
pub(crate) fn start<F, Fut>(start: Start, restart: Restart, work: F) -> Result<Handle<()>, Error>
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome> + Send + 'static,
{
    spawn::start::<Settled, _>(start.typed_as(type_name::<F>).outlives(), course::run(restart, work))
}
