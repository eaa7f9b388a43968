//! Work that runs later, or again and again.
//!
//! [`every`](fn@every) runs a closure once in every period, `cron` (with the feature of that name) at the times of a cron line, [`after`](fn@after) and [`at`](fn@at) run one once;
//! [`Schedule::builder`] has the options. Every run is a routine of its own: it has the schedule's name, its number as the field
//! `run`, and a trace of its own, runs the hooks, is in the registry, and its failure is reported. An error or a panic of a run
//! never stops the next.
//!
//! Time is tokio's: a test that pauses it drives every schedule. Only the time of day, which [`at`](fn@at),
//! [`Builder::until`] and calendars go by, is read from a [`WallClock`]. Whether that was set is looked at once a minute: where it
//! was stepped forward, what is due runs within 60 seconds; where it was stepped back, no instant comes twice.
//!
//! # What is not promised
//! A schedule is lost with its process and its runtime, and does not make up for instants that passed before it was made. Tokio's
//! timers count in milliseconds, and a run begins once its runtime has a thread for it. Jobs that must survive the process
//! belong into a queue that is stored, such as that of the crate `apalis`.

mod alarm;
mod builder;
mod calendar;
#[cfg(feature = "cron")]
mod cron;
mod driver;
mod error;
mod fired;
mod handle;
mod listing;
mod make;
mod once;
mod options;
mod period;
mod run;
mod shared;
mod state;
mod stats;
mod timetable;
mod wall;
mod watch;

use std::any::type_name;
use std::future::Future;
use std::time::{Duration, SystemTime};

pub use builder::Builder;
#[allow(unused_imports, reason = "what has a calendar comes with the feature `cron`")]
pub(crate) use calendar::Calendar;
#[cfg(feature = "cron")]
pub use cron::{Cron, CronError};
pub use error::InvalidSchedule;
pub use handle::Schedule;
pub(crate) use listing::stop;
#[cfg(any(test, feature = "cron"))]
pub(crate) use make::start_calendar;
pub(crate) use make::start_every;
pub(crate) use once::{When, start_once};
pub(crate) use options::Options;
pub use options::{Missed, Overlap};
pub use stats::{LastRun, ScheduleStats};
pub use wall::WallClock;

use crate::handle::Handle;
use crate::inherited::Inherited;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::start::{SpanMode, Start};

/// The schedule whose run this is, or was started by.
static CURRENT: Inherited<Schedule> = Inherited::new("schedule");

/// Runs `work` once in every `period`, the first time after one period.
///
/// The instants are one period apart from the beginning on, however long runs take and however late they begin. A run whose
/// instant comes while the one before is still going is skipped; where the runtime stalled, one run makes up for all instants that
/// passed. [`Schedule::builder`] chooses otherwise.
///
/// Each run is a routine, which calls `work` itself, so that a panic of the closure is the run's, too; see the
/// [module](self) for its name, its trace and its failures. Runs inherit the [values](crate::Inherited) that are set here, but
/// neither trace, deadline nor group: they go on after whoever started them.
///
/// Dropping the [`Schedule`] leaves it running; the end of the runtime ends it, and cancels the runs that are going on.
///
/// # Errors
/// Outside a tokio runtime, in one without timers, with a period of 0, and with one of more than 100 years.
///
/// ```
/// use std::time::Duration;
/// use routine::schedule;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut beats = 0;
/// let heart = schedule::every(Duration::from_secs(1), move || {
///     beats += 1;
///     async move { if beats == 2 { Err("missed a beat") } else { Ok(()) } }
/// })?;
/// tokio::time::sleep(Duration::from_millis(3_500)).await;
/// assert_eq!((heart.stats().completed, heart.stats().failed), (2, 1));
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn every<F, Fut>(period: Duration, work: F) -> Result<Schedule, InvalidSchedule>
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    start_every(start::<F>(), Options::default(), period, work)
}

/// Runs `work` at the times of a [cron line](Cron#the-line): in UTC where it is a text, in the zone of a [`Cron`] that has one.
///
/// All else is as [`every`](fn@every) does it: a run is skipped while the one before is still going, and one makes up for all times that
/// passed unseen. The times are the wall clock's: where that is stepped forward, what it stepped over runs within 60 seconds;
/// where it is stepped back, no time comes twice. What a change to or from summer time does is told at
/// [`Cron`](Cron#the-zone-and-the-changes-of-its-clocks).
///
/// # Errors
/// Outside a tokio runtime, in one without timers, and where the line is none: the error then says what is wrong, and where.
///
/// ```
/// use routine::schedule::{self, Cron};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cleanup = schedule::cron("0 */5 * * * *", || async { Ok::<_, std::io::Error>(()) })?;
/// let report = schedule::cron(Cron::parse("30 9 * * MON-FRI")?.in_zone("Europe/Berlin")?, || async {})?;
/// println!("{:?}, {:?}", cleanup.next(3), report.next(1));
///
/// let error = schedule::cron("0 61 * * * *", || async {}).unwrap_err();
/// assert_eq!(error.to_string(), "`61` is no minute: write a number from 0 to 59, at byte 2 of `0 61 * * * *`");
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "cron")]
#[track_caller]
pub fn cron<C, F, Fut>(line: C, work: F) -> Result<Schedule, InvalidSchedule>
where
    C: TryInto<Cron, Error: Into<InvalidSchedule>>,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let cron = line.try_into().map_err(Into::into)?;
    start_calendar(start::<F>(), Options::default(), std::sync::Arc::new(cron), work)
}

/// Runs `work` once, after a time on tokio's clock.
///
/// It is a routine from here on, a child of the one that is running here: it waits as
/// [`Queued`](crate::RoutineState::Queued), and begins when its time has come. Its hooks run then, its timeout counts from then,
/// and `work` is called then, inside it. [`Handle::abort`] ends it before or after that; the end of the runtime cancels it, and
/// dropping the handle leaves it waiting. A time that is longer than 100 years never ends.
///
/// # Panics
/// Outside a tokio runtime, and in one without timers, at the caller's line; [`Builder::after`] gives an error instead.
///
/// ```
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let answer = routine::schedule::after(Duration::from_secs(60), || async { Ok::<_, std::io::Error>(42) });
/// assert_eq!(answer.await.unwrap(), 42);
/// # }
/// ```
#[track_caller]
pub fn after<F, Fut>(delay: Duration, work: F) -> Handle<<Fut::Output as IntoOutcome>::Value>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    match start_once(start::<F>(), Options::default(), When::After(delay), work) {
        Ok(handle) => handle,
        Err(error) => refused(&error),
    }
}

/// Runs `work` once, at an instant of the wall clock. All else is as [`after`](fn@after) does it.
///
/// Where the clock is set meanwhile, it begins when the clock shows the instant: within 60 seconds, if that was stepped over.
///
/// # Errors
/// Outside a tokio runtime, in one without timers, with an instant that has passed, and with one that is more than 100 years away.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let soon = SystemTime::now() + Duration::from_millis(10);
/// let greeting = routine::schedule::at(soon, || async { Ok::<_, std::io::Error>("hello") })?;
/// assert_eq!(greeting.await?, "hello");
/// assert!(routine::schedule::at(SystemTime::UNIX_EPOCH, || async {}).is_err());
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn at<F, Fut>(instant: SystemTime, work: F) -> Result<Handle<<Fut::Output as IntoOutcome>::Value>, InvalidSchedule>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    start_once(start::<F>(), Options::default(), When::At(instant), work)
}

/// The schedule whose run this is; `None` outside any. Also in what a run starts, since that inherits it.
///
/// So a run may stop its own schedule:
///
/// ```
/// use std::time::Duration;
/// use routine::schedule;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let polling = schedule::every(Duration::from_secs(1), || async {
///     if let Some(schedule) = schedule::current() {
///         schedule.stop(Duration::ZERO).await;
///     }
/// })?;
/// tokio::time::sleep(Duration::from_secs(10)).await;
/// assert!(polling.is_finished());
/// assert_eq!(polling.stats().completed, 1);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn current() -> Option<Schedule> {
    CURRENT.get()
}

/// A start by one of these functions, named after the closure that it is given.
#[track_caller]
fn start<F>() -> Start {
    Start::typed(type_name::<F>, Policy::Log).span(SpanMode::Follows)
}

#[cold]
#[track_caller]
fn refused(error: &InvalidSchedule) -> ! {
    panic!("{error}")
}

#[cfg(test)]
mod tests;
