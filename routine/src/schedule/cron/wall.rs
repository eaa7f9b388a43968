//! The wall clock: a calendar without zones, which croner searches.
//!
//! croner knows of zones, and is not asked about them: it searches a calendar here in which every time of a clock comes
//! once. What it does about a change of the clocks differs from what is promised here. It takes a line for fixed only if
//! second, minute and hour are one value each, so `30 2,14 * * *` would lose its run in a gap; it gives up on a gap longer
//! than two hours, as of the day that Samoa left out; and it loses a run whose gap ends on another day. `zone.rs` does that
//! part.

use std::cmp::Ordering;

use croner::errors::CronError as Refusal;
use croner::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A time of a wall clock, in seconds since it showed the first of January 1970, midnight.
pub(super) type Wall = i64;

/// The first time that croner's calendar has: the beginning of the year 1.
pub(super) const FIRST: Wall = -62_135_596_800;
/// Where croner's calendar ends: the beginning of the year 5000.
pub(super) const END: Wall = 95_617_584_000;
/// After as many years the calendar is the same again, with its weekdays.
const CYCLE: Wall = 146_097 * 86_400;

/// What a line matches on the wall clock.
pub(super) struct Pattern(croner::Cron);

impl Pattern {
    pub(super) fn new(fields: &str) -> Result<Self, Refusal> {
        croner::parser::CronParser::new().parse(fields).map(Self)
    }

    /// The first match from `from` on, `from` included.
    pub(super) fn first_from(&self, from: Wall) -> Option<Wall> {
        self.0.find_next_occurrence(&Tick(from.max(FIRST)), true).ok().map(|tick| tick.0)
    }

    /// Whether it matches ever. The last whole cycle stands for all: croner searches to the end of its calendar, and from
    /// there that is not far.
    pub(super) fn comes(&self) -> bool {
        self.first_from(END - CYCLE).is_some()
    }
}

/// A moment of the wall clock, as croner wants it.
#[derive(Clone)]
struct Tick(Wall);

impl Tick {
    fn date_time(&self) -> DateTime {
        // Nothing here leaves the years 1 to 5000, and jiff's go from -9999 to 9999.
        Timestamp::from_second(self.0).map_or(DateTime::MAX, |at| Offset::UTC.to_datetime(at))
    }
}

impl CronDateTime for Tick {
    fn to_civil(&self) -> CivilDateTime {
        let at = self.date_time();
        let part = |value: i8| u32::from(value.unsigned_abs());
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(at.year().into(), part(at.month()), part(at.day())),
            CivilTime::from_parts_unchecked(part(at.hour()), part(at.minute()), part(at.second())),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        let from_sunday = self.date_time().weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(from_sunday.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, Refusal> {
        Ok(Resolution::Single(Self(seconds(civil).ok_or(Refusal::InvalidDate)?)))
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(seconds).map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

fn seconds(civil: CivilDateTime) -> Option<Wall> {
    let part = |value: u32| i8::try_from(value).ok();
    let at = DateTime::new(
        i16::try_from(civil.year()).ok()?,
        part(civil.month())?,
        part(civil.day())?,
        part(civil.hour())?,
        part(civil.minute())?,
        part(civil.second())?,
        0,
    );
    Offset::UTC.to_timestamp(at.ok()?).ok().map(Timestamp::as_second)
}
