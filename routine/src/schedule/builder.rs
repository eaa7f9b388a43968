//! What a schedule is made with.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Schedule;
use super::error::InvalidSchedule;
use super::make;
use super::once::{When, start_once};
use super::options::{Missed, Options, Overlap};
use super::wall::WallClock;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::start::{SpanMode, Start};

/// A schedule with options, made by [`Schedule::builder`].
///
/// ```
/// use std::time::Duration;
/// use routine::schedule::{Overlap, Schedule};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let refresh = Schedule::builder()
///     .name("refresh")
///     .overlap(Overlap::Queue)
///     .jitter(Duration::from_secs(5))
///     .timeout(Duration::from_secs(30))
///     .every(Duration::from_secs(60), || async { Ok::<_, std::io::Error>(()) })?;
/// assert!(refresh.run_now());
/// refresh.stop(Duration::from_secs(1)).await;
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder makes no schedule until one of `every`, `cron`, `after` and `at` is called"]
pub struct Builder {
    pub(super) start: Start,
    pub(super) options: Options,
}

impl Builder {
    #[track_caller]
    pub(super) fn new() -> Self {
        let start = Start::typed(type_name::<Self>, Policy::Log).span(SpanMode::Follows);
        Self { start, options: Options::default() }
    }

    fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(&mut self.options);
        self
    }

    /// Names the schedule and its runs; without it the name is that of the function that the closure was written in.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.start = self.start.name(name);
        self
    }

    /// What the failure of a run does, besides being reported. Under [`Policy::MustSuccess`] it ends the process.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.start = self.start.policy(policy);
        self
    }

    /// Ends each run that takes longer, see [`Builder::timeout`](crate::Builder::timeout).
    pub fn timeout(mut self, after: Duration) -> Self {
        self.start = self.start.timeout(after);
        self
    }

    /// The phase of a [`shutdown`](fn@crate::shutdown) in which the schedule stops and its runs are asked to, see
    /// [`Builder::phase`](crate::Builder::phase).
    pub fn phase(mut self, phase: u8) -> Self {
        self.start = self.start.phase(phase);
        self
    }

    /// Adds a field to each run's span and report, see [`Builder::field`](crate::Builder::field). The field `run`, which is the
    /// number of the run, is there by itself.
    pub fn field(mut self, key: &'static str, value: impl Display) -> Self {
        self.start = self.start.field(key, value);
        self
    }

    /// Chooses the spans of the runs, where spans are on. They are roots unless this says otherwise, so that no span stays open
    /// longer than a run.
    pub fn span(mut self, mode: SpanMode) -> Self {
        self.start = self.start.span(mode);
        self
    }

    /// Counts the period from the end of a run to the beginning of the next, instead of from one beginning to the next.
    pub fn from_end(self) -> Self {
        self.with(|options| options.from_end = true)
    }

    /// What happens to a run whose instant comes while an earlier one is still going: [`Overlap::Skip`] unless this says
    /// otherwise.
    pub fn overlap(self, overlap: Overlap) -> Self {
        self.with(|options| options.overlap = overlap)
    }

    /// What happens to instants that have passed unseen: [`Missed::CatchUp`] unless this says otherwise.
    pub fn missed(self, missed: Missed) -> Self {
        self.with(|options| options.missed = missed)
    }

    /// Begins each run later than its instant by a time between 0 and `most`, drawn anew for each, so that many processes do not
    /// all do the same at once. The instants themselves stay where they are.
    pub fn jitter(self, most: Duration) -> Self {
        self.with(|options| options.jitter = most)
    }

    /// Has the first run begin at once. With `every` the instants are then counted from it.
    pub fn start_immediately(self) -> Self {
        self.with(|options| options.start_immediately = true)
    }

    /// How long after its beginning a schedule with a period has its first instant, from which the others are counted; one period
    /// unless this says otherwise.
    pub fn first_after(self, delay: Duration) -> Self {
        self.with(|options| options.first = Some(delay))
    }

    /// Ends the schedule after so many runs. Those that were skipped or missed do not count, nor those of
    /// [`run_now`](Schedule::run_now).
    pub fn times(self, times: u64) -> Self {
        self.with(|options| options.times = Some(times))
    }

    /// Ends the schedule at an instant of the wall clock: nothing begins at it or after it, and runs that wait for others are left
    /// out. Runs that are going on then go on.
    pub fn until(self, instant: SystemTime) -> Self {
        self.with(|options| options.until = Some(instant))
    }

    /// The clock that shows the time of day, instead of the system's. All schedules that share an `Arc` share the one look a
    /// minute at whether it was set.
    pub fn clock(self, clock: Arc<dyn WallClock>) -> Self {
        self.with(|options| options.clock = Some(clock))
    }

    /// Runs `work` once in every `period`, the first time after one period; see [`every`](fn@super::every).
    ///
    /// # Errors
    /// Outside a tokio runtime, and in one without timers. With a period of 0, or of more than 100 years; with a jitter that is
    /// not below the period; with `times(0)`, [`Overlap::Allow(0)`](Overlap::Allow) and [`Missed::All(0)`](Missed::All); and
    /// where nothing would run before [`until`](Self::until).
    pub fn every<F, Fut>(self, period: Duration, work: F) -> Result<Schedule, InvalidSchedule>
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        make::start_every(self.start, self.options, period, work)
    }

    /// Runs `work` at the times of a cron line; see [`cron`](fn@super::cron).
    ///
    /// # Errors
    /// As [`cron`](fn@super::cron), and as [`every`](Self::every), where that speaks of no period; with [`from_end`](Self::from_end).
    #[cfg(feature = "cron")]
    pub fn cron<C, F, Fut>(self, line: C, work: F) -> Result<Schedule, InvalidSchedule>
    where
        C: TryInto<super::Cron, Error: Into<InvalidSchedule>>,
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let cron = line.try_into().map_err(Into::into)?;
        make::start_calendar(self.start, self.options, Arc::new(cron), work)
    }

    /// Runs `work` once, after a time; see [`after`](fn@super::after).
    ///
    /// # Errors
    /// Outside a tokio runtime, in one without timers, with a time of more than 100 years, and with an option that says how
    /// runs repeat.
    pub fn after<F, Fut>(
        self,
        delay: Duration,
        work: F,
    ) -> Result<Handle<<Fut::Output as IntoOutcome>::Value>, InvalidSchedule>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        super::options::check_length("a delay", delay)?;
        start_once(self.start, self.options, When::After(delay), work)
    }

    /// Runs `work` once, at an instant of the wall clock; see [`at`](fn@super::at).
    ///
    /// # Errors
    /// As [`at`](fn@super::at), and with an option that says how runs repeat.
    pub fn at<F, Fut>(
        self,
        instant: SystemTime,
        work: F,
    ) -> Result<Handle<<Fut::Output as IntoOutcome>::Value>, InvalidSchedule>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        start_once(self.start, self.options, When::At(instant), work)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("start", &self.start).finish_non_exhaustive()
    }
}
