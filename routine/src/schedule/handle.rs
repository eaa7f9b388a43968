//! What the caller holds of a schedule.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::builder::Builder;
use super::shared::{Shared, wake};
use super::stats::{LastRun, ScheduleStats};
use super::timetable::Now;
use super::wall;

/// Instants that [`Schedule::next`] gives, at most.
const MOST: usize = 1_000;

/// What the caller holds of a schedule. Clones are the same schedule; dropping all of them leaves it running.
///
/// It ends by [`stop`](Self::stop), with its [`times`](Builder::times) or [`until`](Builder::until), or with its runtime: then
/// the runs that are going on are cancelled with it.
///
/// ```
/// use std::time::Duration;
/// use routine::schedule;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ticker = schedule::every(Duration::from_secs(60), || async {})?;
/// tokio::time::sleep(Duration::from_secs(150)).await;
/// assert_eq!(ticker.stats().completed, 2);
/// ticker.stop(Duration::from_secs(5)).await;
/// assert!(ticker.is_finished());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Schedule {
    pub(super) shared: Arc<Shared>,
}

impl Schedule {
    /// A schedule with options. The place of this call is the spawn site of its runs.
    #[track_caller]
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Its name, which is that of its runs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Has a run begin now, besides those of the plan, which it does not move. It begins also while the schedule is paused.
    ///
    /// What [`Overlap`](super::Overlap) says holds for it, too. `false` where it was left out, and counted as skipped, since
    /// another is going on, and where the schedule is over.
    #[must_use = "it may be left out, since another is going on"]
    pub fn run_now(&self) -> bool {
        let (taken, driver, aborts) = self.shared.state().ask();
        for task in aborts {
            task.abort();
        }
        wake(driver);
        taken
    }

    /// Begins no more runs of the plan until [`resume`](Self::resume). Those that are going on go on, and those that wait for
    /// them begin later. The end by [`until`](Builder::until) comes all the same.
    pub fn pause(&self) {
        self.shared.state().pause();
    }

    /// Goes on after [`pause`](Self::pause), with the first instant that is to come. Those that passed meanwhile are neither
    /// made up for nor counted.
    pub fn resume(&self) {
        let driver = self.shared.state().resume();
        wake(driver);
    }

    /// Ends the schedule, and waits until its runs have ended: asks those that are going on to stop, which fires their
    /// [`cancelled`](crate::cancelled), and aborts them after `grace`, which ends them at their next await. Runs that were waiting
    /// for others are left out.
    ///
    /// Inside one of its own runs, it neither asks nor ends that run, nor waits for it, but only for the others.
    ///
    /// # Panics
    /// In a runtime without timers, where runs are going on.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the schedule stopped, and its runs asked, but not aborted.
    pub async fn stop(&self, grace: Duration) {
        let own = tokio::task::try_id();
        self.shared.end();
        self.shared.ask_all(own);
        if self.shared.is_idle(own) {
            return;
        }
        if tokio::time::timeout(grace, self.shared.idle(own)).await.is_err() {
            self.shared.abort_all(own);
            self.shared.idle(own).await;
        }
    }

    /// The next `n` instants of the plan as the wall clock will show them, without what jitter adds to them; fewer where there are
    /// fewer, and a thousand at most.
    ///
    /// None while the schedule is paused, or once it is over. With [`from_end`](Builder::from_end) one is known at most, and none
    /// while a run of the plan is going on.
    #[must_use]
    pub fn next(&self, n: usize) -> Vec<SystemTime> {
        let Some((timetable, left)) = self.shared.state().plan() else { return Vec::new() };
        let wall = wall::read(&*self.shared.clock);
        let now = Now { now: Instant::now(), wall: Some(wall) };
        let most = usize::try_from(left).map_or(n, |left| left.min(n)).min(MOST);
        timetable.upcoming(&now, wall, most)
    }

    /// How the run that ended last has ended; `None` before the first.
    #[must_use]
    pub fn last(&self) -> Option<LastRun> {
        self.shared.state().last()
    }

    /// What it has done until now.
    #[must_use]
    pub fn stats(&self) -> ScheduleStats {
        self.shared.state().stats()
    }

    /// Whether it is over: no run is going on, and none will begin.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.shared.state().is_finished()
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("name", &self.name())
            .field("stats", &self.stats())
            .field("finished", &self.is_finished())
            .finish()
    }
}
