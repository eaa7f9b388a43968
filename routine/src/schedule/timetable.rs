//! When a schedule is due, whatever its plan.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::calendar::OnCalendar;
use super::period::Period;

/// What the clocks show. The wall clock is read only for those whose plan hangs on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) now: Instant,
    pub(super) wall: Option<SystemTime>,
}

impl Now {
    /// When tokio's clock shows what the wall clock shows at `instant`, as the two go now. `None` if that is never.
    pub(super) fn until(&self, instant: SystemTime) -> Option<Instant> {
        let left = instant.duration_since(self.wall?).unwrap_or_default();
        self.now.checked_add(left)
    }

    fn has_reached(&self, instant: SystemTime) -> bool {
        self.wall.is_some_and(|wall| wall >= instant)
    }

    /// What `wall`, a reading of the wall clock of now, will be or was at `instant`.
    fn at_wall(&self, wall: SystemTime, instant: Instant) -> Option<SystemTime> {
        match instant.checked_duration_since(self.now) {
            Some(left) => wall.checked_add(left),
            None => wall.checked_sub(self.now.saturating_duration_since(instant)),
        }
    }
}

/// Instants that have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// How many, the newest included.
    pub(super) count: u64,
    /// How long ago the newest was.
    pub(super) late: Duration,
}

#[derive(Clone)]
pub(super) enum Plan {
    Period(Period),
    Calendar(OnCalendar),
}

/// A plan with its jitter and its end.
#[derive(Clone)]
pub(super) struct Timetable {
    plan: Plan,
    jitter: Duration,
    /// What the next instant is moved by.
    lag: Duration,
    until: Option<SystemTime>,
}

impl Timetable {
    pub(super) fn new(plan: Plan, jitter: Duration, until: Option<SystemTime>) -> Self {
        let mut timetable = Self { plan, jitter, lag: Duration::ZERO, until };
        timetable.draw();
        timetable
    }

    /// Goes on to the first instant that is to come, and says what it has passed. Of those that have passed unseen, `kept` are
    /// made up for.
    pub(super) fn pass(&mut self, now: &Now, kept: u64) -> Option<Passed> {
        let passed = match &mut self.plan {
            // Before the machine was started nothing was due.
            Plan::Period(period) => period.pass(now.now.checked_sub(self.lag)?)?,
            Plan::Calendar(calendar) => calendar.pass(now.wall?, self.lag, kept)?,
        };
        self.draw();
        Some(passed)
    }

    /// Goes on to the first instant that is to come, as if there had been none before.
    pub(super) fn leave_out(&mut self, now: &Now) {
        match &mut self.plan {
            Plan::Period(period) => period.leave_out(now.now),
            Plan::Calendar(calendar) => {
                if let Some(wall) = now.wall {
                    calendar.leave_out(wall);
                }
            }
        }
    }

    /// A run of the plan has ended, or was left out.
    pub(super) fn rest(&mut self, now: Instant) {
        if let Plan::Period(period) = &mut self.plan {
            period.rest(now);
        }
    }

    /// Whether the next instant hangs on the end of a run.
    pub(super) const fn is_from_end(&self) -> bool {
        matches!(&self.plan, Plan::Period(period) if period.is_from_end())
    }

    /// When the next run is due, as the clocks go now.
    pub(super) fn next_run(&self, now: &Now) -> Option<Instant> {
        match &self.plan {
            Plan::Period(period) => period.due()?.checked_add(self.lag),
            Plan::Calendar(calendar) => now.until(calendar.due()?.checked_add(self.lag)?),
        }
    }

    /// When the end is, as the clocks go now.
    pub(super) fn end(&self, now: &Now) -> Option<Instant> {
        now.until(self.until?)
    }

    /// Whether its end has come.
    pub(super) fn has_ended(&self, now: &Now) -> bool {
        self.until.is_some_and(|until| now.has_reached(until))
    }

    /// Whether its plan names no instant any more.
    pub(super) const fn has_none(&self) -> bool {
        matches!(&self.plan, Plan::Calendar(calendar) if calendar.due().is_none())
    }

    /// The instants to come as the wall clock will show them, `most` at most, without what jitter moves them by.
    pub(super) fn upcoming(&self, now: &Now, wall: SystemTime, most: usize) -> Vec<SystemTime> {
        let is_before_end = |instant: &SystemTime| self.until.is_none_or(|until| *instant < until);
        match &self.plan {
            Plan::Period(period) => {
                let instants = period.upcoming().map_while(|instant| now.at_wall(wall, instant));
                instants.take_while(is_before_end).take(most).collect()
            }
            Plan::Calendar(calendar) => calendar.upcoming().take_while(is_before_end).take(most).collect(),
        }
    }

    fn draw(&mut self) {
        let most = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
        self.lag = if most == 0 { Duration::ZERO } else { Duration::from_nanos(fastrand::u64(0..most)) };
    }
}
