//! The times of a cron line.

mod error;
mod field;
mod line;
mod nickname;
mod wall;
mod zone;

#[cfg(test)]
mod tests;

use std::fmt;
use std::iter;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::tz::{TimeZone, TimeZoneDatabase};

pub use error::CronError;
use error::{Fault, Kind};
use line::Line;
use wall::Pattern;

use super::Calendar;

/// The times of a cron line in a time zone.
///
/// It computes, and starts nothing. A clone costs two counters.
///
/// ```
/// use routine::schedule::Cron;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let weekdays = Cron::parse("30 9 * * MON-FRI")?.in_zone("Europe/Berlin")?;
/// let friday_noon = UNIX_EPOCH + Duration::from_secs(1_767_351_600); // 2 January 2026, 12:00 in Berlin
/// let monday_morning = weekdays.next_after(friday_noon).unwrap();
/// assert_eq!(monday_morning.duration_since(friday_noon).unwrap(), Duration::from_secs((12 + 48 + 9) * 3600 + 1800));
/// # Ok::<(), routine::schedule::CronError>(())
/// ```
///
/// # The line
///
/// Five fields, or six with seconds in front. Letters may be small.
///
/// | field | values | also |
/// |---|---|---|
/// | second (0 if left out) | 0 to 59 | |
/// | minute | 0 to 59 | |
/// | hour | 0 to 23 | |
/// | day of the month | 1 to 31 | `?`, `L` the last day, `LW` the last day from Monday to Friday, `15W` the one nearest to the 15th in its month |
/// | month | 1 to 12, JAN to DEC | |
/// | day of the week | 0 to 7, SUN to SAT; Sunday is 0 and 7 | `?`, `FRIL` the last Friday of the month, `FRI#2` the second |
///
/// Each takes `*` for every value (`?` is another word for it), a value, a range `1-5`, a step through all or through a range
/// `*/15`, `8-18/2`, and a list of them `1,5,10-12`.
///
/// If both days are given, one of them is enough: `0 0 13 * FRI` runs on each 13th and on each Friday. A `+` before the
/// weekdays asks for both: `0 0 13 * +FRI` runs on each Friday the 13th. A day is given by anything but a bare `*` or `?`,
/// so also by `*/2`.
///
/// Instead of fields: `@yearly` or `@annually`, `@monthly`, `@weekly` (Sunday), `@daily` or `@midnight`, `@hourly`.
///
/// # The zone, and the changes of its clocks
///
/// A line means UTC unless [`in_zone`](Self::in_zone) says otherwise: where a program runs should not change when.
///
/// - A line with a `*` in its seconds, minutes or hours, alone or with a step, *follows the clock*: it runs whenever the
///   clock shows one of its times. `*/15 * * * *` and `0 * * * *` run all through a day of 23 or 25 hours; of a time that
///   comes twice they run on both passes, and of one that is left out on none: `*/15 2 * * *` does not run on a day
///   without that hour.
/// - Every other line has *fixed times*, and loses none and doubles none: those that the clock jumps over run once, right
///   after the jump, and one that comes twice runs on the first pass.
///
/// So `30 2 * * *` in New York runs at 03:00 on 8 March 2026, when the clock goes from 02:00 to 03:00, and `30 1 * * *` runs
/// on 1 November at 01:30 of summer time alone. Times that are jumped over together, such as those of `0,30 2 * * *`, make
/// one run, and a time that the jump lands on runs with them.
///
/// The zones come from the system's time zone database, and from a copy in the program where the system has none. A
/// `Cron` keeps the rules that it was made with: a new edition of the database reaches those made afterwards.
///
/// # Where it ends
///
/// Times are whole seconds of the calendar of today, from the year 1 to the year 5000. There are no leap seconds.
#[derive(Clone)]
pub struct Cron {
    times: Arc<Times>,
    zone: TimeZone,
}

struct Times {
    pattern: Pattern,
    follows_clock: bool,
    written: String,
}

impl Cron {
    /// Reads a line; its times are UTC.
    ///
    /// ```
    /// # use routine::schedule::Cron;
    /// let error = Cron::parse("0 61 * * * *").unwrap_err();
    /// assert_eq!(error.position(), Some(2));
    /// assert_eq!(error.to_string(), "`61` is no minute: write a number from 0 to 59, at byte 2 of `0 61 * * * *`");
    /// ```
    ///
    /// # Errors
    /// What is no cron line, and a line whose day never comes, such as `0 0 31 2 *`.
    pub fn parse(line: &str) -> Result<Self, CronError> {
        Self::read(line).map_err(|fault| fault.of(line))
    }

    fn read(text: &str) -> Result<Self, Fault> {
        let Line { pattern, written, follows_clock, days_at } = Line::read(text)?;
        let pattern =
            Pattern::new(&pattern).map_err(|refusal| Fault::new(Kind::Calendar(refusal.to_string()), days_at))?;
        if !pattern.comes() {
            return Err(Fault::new(Kind::Never, days_at));
        }
        Ok(Self { times: Arc::new(Times { pattern, follows_clock, written }), zone: TimeZone::UTC })
    }

    /// The same line on the clocks of another zone, by its name in the IANA time zone database, such as `Europe/Berlin`.
    ///
    /// # Errors
    /// A name that neither the system's database has, nor the program's copy.
    #[must_use = "this is the line in the zone: the one before is gone"]
    pub fn in_zone(self, name: &str) -> Result<Self, CronError> {
        // Some systems leave out the old names, such as `US/Eastern`; the copy has them.
        let zone = TimeZone::get(name).or_else(|_| TimeZoneDatabase::bundled().get(name));
        match zone {
            Ok(zone) if !zone.is_unknown() => Ok(self.in_time_zone(zone)),
            _ => Err(CronError::zone(name)),
        }
    }

    /// The same line on the clocks of another zone, such as `jiff::tz::TimeZone::system()`, or one of fixed hours.
    #[must_use = "this is the line in the zone: the one before is gone"]
    pub fn in_time_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The zone whose clocks it goes by.
    #[must_use]
    pub const fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first of its times that is later than `after`; `None` where that would be later than the year 4999.
    ///
    /// It takes microseconds, and for the rarest of lines a fraction of a millisecond. It never panics.
    #[must_use]
    pub fn next_after(&self, after: SystemTime) -> Option<SystemTime> {
        let Times { pattern, follows_clock, .. } = &*self.times;
        zone::next_after(pattern, *follows_clock, &self.zone, second_of(after)?).and_then(time_of)
    }

    /// All its times that are later than `after`, in order. They end where [`next_after`](Self::next_after) gives `None`.
    ///
    /// ```
    /// # use routine::schedule::Cron;
    /// # use std::time::{Duration, UNIX_EPOCH};
    /// let quarters = Cron::parse("*/15 * * * *")?;
    /// let minutes: Vec<u64> = quarters
    ///     .upcoming(UNIX_EPOCH)
    ///     .map(|at| at.duration_since(UNIX_EPOCH).unwrap().as_secs() / 60)
    ///     .take(4)
    ///     .collect();
    /// assert_eq!(minutes, [15, 30, 45, 60]);
    /// # Ok::<(), routine::schedule::CronError>(())
    /// ```
    pub fn upcoming(&self, after: SystemTime) -> impl Iterator<Item = SystemTime> + use<> {
        let cron = self.clone();
        iter::successors(cron.next_after(after), move |at| cron.next_after(*at))
    }
}

/// The second that a time is in; `None` for one beyond all calendars.
fn second_of(time: SystemTime) -> Option<i64> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok(),
        Err(before) => {
            let until = before.duration();
            let begun = u64::from(until.subsec_nanos() > 0);
            // A time before all calendars is as good as their beginning.
            Some(i64::try_from(until.as_secs().saturating_add(begun)).map_or(i64::MIN, |seconds| -seconds))
        }
    }
}

/// `None` where the system's clock has no such time.
fn time_of(second: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(second.unsigned_abs());
    if second < 0 { SystemTime::UNIX_EPOCH.checked_sub(distance) } else { SystemTime::UNIX_EPOCH.checked_add(distance) }
}

impl FromStr for Cron {
    type Err = CronError;

    /// As [`parse`](Self::parse): a line is in UTC.
    fn from_str(line: &str) -> Result<Self, CronError> {
        Self::parse(line)
    }
}

/// The line as it was written, with one blank between the fields. The zone is not in it.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.times.written)
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("unnamed");
        f.debug_struct("Cron").field("line", &self.times.written).field("zone", &zone).finish_non_exhaustive()
    }
}

impl Calendar for Cron {
    fn next_after(&self, after: SystemTime) -> Option<SystemTime> {
        Self::next_after(self, after)
    }
}

impl TryFrom<&str> for Cron {
    type Error = CronError;

    /// As [`Cron::parse`].
    fn try_from(line: &str) -> Result<Self, CronError> {
        Self::parse(line)
    }
}
