//! A plan of instants one period apart.

use std::time::Duration;

use tokio::time::Instant;

use super::timetable::Passed;

/// Where a plan with a period stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    length: Duration,
    /// The next instant is a period after the end of a run, not after the instant of the run.
    from_end: bool,
    /// The next instant; `None` while it hangs on a run that is going on.
    due: Option<Instant>,
}

impl Period {
    pub(super) const fn new(length: Duration, from_end: bool, first: Instant) -> Self {
        Self { length, from_end, due: Some(first) }
    }

    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) const fn is_from_end(&self) -> bool {
        self.from_end
    }

    /// Goes on to the first instant after `now`, and says what it has passed.
    pub(super) fn pass(&mut self, now: Instant) -> Option<Passed> {
        let due = self.due.filter(|due| *due <= now)?;
        let elapsed = now.saturating_duration_since(due);
        if self.from_end {
            self.due = None;
            return Some(Passed { count: 1, late: elapsed });
        }
        let (count, late) = (elapsed.as_nanos() / self.length.as_nanos(), self.since_last(elapsed));
        self.due = (now + self.length).checked_sub(late);
        Some(Passed { count: u64::try_from(count).map_or(u64::MAX, |count| count.saturating_add(1)), late })
    }

    /// Goes on to the first instant after `now`, as if there had been none before.
    pub(super) fn leave_out(&mut self, now: Instant) {
        if let Some(due) = self.due.filter(|due| *due <= now) {
            let late = self.since_last(now.saturating_duration_since(due));
            self.due = (now + self.length).checked_sub(late);
        }
    }

    /// A run has ended, or was left out.
    pub(super) fn rest(&mut self, now: Instant) {
        if self.from_end {
            self.due = Some(now + self.length);
        }
    }

    /// The instants to come, the first that is known first.
    pub(super) fn upcoming(self) -> impl Iterator<Item = Instant> {
        let following = move |instant: &Instant| {
            let next = if self.from_end { None } else { Some(self.length) };
            instant.checked_add(next?)
        };
        std::iter::successors(self.due, following)
    }

    /// How much of an elapsed time is beyond its last whole period. Fits: a period is a hundred years at most.
    fn since_last(&self, elapsed: Duration) -> Duration {
        let nanos = elapsed.as_nanos() % self.length.as_nanos();
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_instants_stay_on_their_grid_however_late_they_are_seen() {
        let start = Instant::now();
        let mut plan = Period::new(SECOND, false, start + SECOND);
        assert!(plan.pass(start).is_none());
        let passed = plan.pass(start + Duration::from_millis(4_300)).unwrap();
        assert_eq!((passed.count, passed.late), (4, Duration::from_millis(300)));
        assert_eq!(plan.due(), Some(start + 5 * SECOND));
        let passed = plan.pass(start + 5 * SECOND).unwrap();
        assert_eq!((passed.count, passed.late), (1, Duration::ZERO));
        assert_eq!(plan.due(), Some(start + 6 * SECOND));
    }

    #[test]
    fn the_shortest_and_the_longest_period_overflow_nothing() {
        let start = Instant::now();
        let mut plan = Period::new(Duration::from_nanos(1), false, start);
        let passed = plan.pass(start + Duration::from_secs(3_600)).unwrap();
        assert_eq!(passed.count, 3_600_000_000_001);
        let longest = super::super::options::LONGEST;
        let mut plan = Period::new(longest, false, start + longest);
        assert_eq!(plan.pass(start + longest + longest).unwrap().count, 2);
        assert_eq!(plan.due(), Some(start + 3 * longest));
        assert_eq!(plan.upcoming().take(100).count(), 100);
    }
}
