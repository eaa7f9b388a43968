//! A plan of instants that a calendar names.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::fired::Fired;
use super::timetable::Passed;

/// What names instants of the wall clock.
pub(crate) trait Calendar: Send + Sync {
    /// The first instant after another.
    fn next_after(&self, after: SystemTime) -> Option<SystemTime>;
}

/// Instants that are counted in one go, at most: those after a clock was stepped forward by years are too many to look at.
const COUNTED: u64 = 1_000;

/// Where a plan by a calendar stands.
#[derive(Clone)]
pub(super) struct OnCalendar {
    calendar: Arc<dyn Calendar>,
    /// The next instant; `None` where there is none any more.
    due: Option<SystemTime>,
    /// When the clock was read last.
    seen: SystemTime,
    fired: Fired,
}

impl OnCalendar {
    pub(super) fn new(calendar: Arc<dyn Calendar>, now: SystemTime) -> Self {
        let due = calendar.next_after(now);
        Self { calendar, due, seen: now, fired: Fired::default() }
    }

    pub(super) const fn due(&self) -> Option<SystemTime> {
        self.due
    }

    /// Goes on to the first instant after `now`, and says what it has passed. Each instant is `lag` late on purpose. Of those that
    /// have passed unseen, `kept` are made up for.
    pub(super) fn pass(&mut self, now: SystemTime, lag: Duration, kept: u64) -> Option<Passed> {
        self.look(now);
        let now = now.checked_sub(lag)?;
        let due = self.due.filter(|due| *due <= now)?;
        // The oldest that is made up for, the newest, and the one after it.
        let (mut oldest, mut newest, mut count) = (due, due, 1);
        loop {
            self.due = self.after(newest);
            match self.due.filter(|due| *due <= now) {
                None => break,
                Some(_) if count == COUNTED => {
                    newest = now;
                    self.due = self.after(now);
                    break;
                }
                Some(next) => newest = next,
            }
            count += 1;
            if count > kept {
                oldest = self.after(oldest).unwrap_or(newest);
            }
        }
        self.fired.note(oldest, newest, oldest == due);
        Some(Passed { count, late: now.duration_since(newest).unwrap_or_default() })
    }

    /// Goes on to the first instant after `now`, as if there had been none before.
    pub(super) fn leave_out(&mut self, now: SystemTime) {
        self.look(now);
        if self.due.is_some_and(|due| due <= now) {
            self.due = self.after(now);
            self.fired.interrupt();
        }
    }

    /// The instants to come.
    pub(super) fn upcoming(&self) -> impl Iterator<Item = SystemTime> + '_ {
        std::iter::successors(self.due, |instant| self.after(*instant))
    }

    /// Looks whether the clock was stepped back, after which instants come again that have not fired.
    fn look(&mut self, now: SystemTime) {
        if now < self.seen {
            self.due = self.after(now);
            self.fired.interrupt();
        }
        self.seen = now;
    }

    /// The first instant after another that has not fired.
    fn after(&self, after: SystemTime) -> Option<SystemTime> {
        let mut next = self.calendar.next_after(after)?;
        while let Some(end) = self.fired.end_of(next) {
            next = self.calendar.next_after(end)?;
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    /// Every tenth second.
    struct Tens;

    impl Calendar for Tens {
        fn next_after(&self, after: SystemTime) -> Option<SystemTime> {
            let seconds = after.duration_since(UNIX_EPOCH).unwrap().as_secs();
            Some(at(seconds / 10 * 10 + 10))
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn plan(start: u64) -> OnCalendar {
        OnCalendar::new(Arc::new(Tens), at(start))
    }

    fn pass(plan: &mut OnCalendar, now: u64, kept: u64) -> Option<u64> {
        plan.pass(at(now), Duration::ZERO, kept).map(|passed| passed.count)
    }

    #[test]
    fn no_instant_fires_twice_however_the_clock_is_stepped() {
        let mut plan = plan(1_000);
        assert_eq!(plan.due(), Some(at(1_010)));
        assert_eq!(pass(&mut plan, 1_010, 1), Some(1));
        assert_eq!(pass(&mut plan, 1_020, 1), Some(1));
        assert_eq!(pass(&mut plan, 1_005, 1), None);
        assert_eq!(plan.due(), Some(at(1_030)), "1,010 and 1,020 have fired");
        assert_eq!(pass(&mut plan, 1_030, 1), Some(1));
        assert_eq!(pass(&mut plan, 900, 1), None);
        assert_eq!(plan.due(), Some(at(910)), "that one has never fired");
        assert_eq!(pass(&mut plan, 1_000, 100), Some(10));
        assert_eq!(plan.due(), Some(at(1_040)));
    }

    #[test]
    fn instants_that_a_wrong_clock_jumped_over_come_in_their_time() {
        let mut plan = plan(1_000);
        assert_eq!(pass(&mut plan, 1_000_000_000, 1), Some(COUNTED));
        assert_eq!(pass(&mut plan, 1_001, 1), None);
        assert_eq!(plan.due(), Some(at(1_010)));
    }

    #[test]
    fn what_is_late_on_purpose_is_not_missed() {
        let mut plan = plan(1_000);
        let lag = Duration::from_secs(25);
        assert!(plan.pass(at(1_034), lag, 1).is_none());
        let passed = plan.pass(at(1_035), lag, 1).unwrap();
        assert_eq!((passed.count, passed.late), (1, Duration::ZERO));
    }
}
