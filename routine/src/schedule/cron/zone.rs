//! From the wall clock of a zone to the time line, through the changes of its clocks.
//!
//! Between two changes a zone's clock runs evenly, and a match on the wall clock is one second of the time line. At a change
//! the wall clock jumps, and that is where lines differ: what follows the clock runs whenever the clock shows a match, and a
//! fixed time runs once, right after a gap that holds it, and on the first of two passes.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::wall::{END, FIRST, Pattern, Wall};

/// A second of the time line, counted from 1970.
pub(super) type Second = i64;

/// More than any zone is away from UTC.
const DAY: Second = 86_400;

/// The first second after `after` at which the line runs.
pub(super) fn next_after(pattern: &Pattern, follows_clock: bool, zone: &TimeZone, after: Second) -> Option<Second> {
    if after >= END {
        return None;
    }
    let after = after.max(FIRST + DAY);
    let start = Timestamp::from_second(after).ok()?;
    let mut offset = Wall::from(zone.to_offset(start).seconds());
    let mut from = after + 1 + offset;
    if !follows_clock {
        from = from.max(end_of_first_pass(zone, after));
    }
    let mut search = Search::new(pattern, from)?;
    let mut changes = zone.following(start);
    loop {
        let found = search.first_from(from)?;
        let Some(change) = changes.next() else { return Some(found - offset) };
        let second = change.timestamp().as_second();
        if found - offset < second {
            return Some(found - offset);
        }
        let (left, offset_then) = (second + offset, Wall::from(change.offset().seconds()));
        let entered = second + offset_then;
        // `found` is no earlier than `left`, so if it is before `entered`, the clock jumps over it.
        if !follows_clock && found < entered {
            return Some(second);
        }
        // Where the clock goes back, `entered` is before `left`: what follows the clock sees the time between them again.
        from = if follows_clock { entered } else { left.max(entered) };
        offset = offset_then;
    }
}

/// Where the wall clock had come to before the last change up to `after`. If it went back there, it shows the times before
/// this one on a second pass.
fn end_of_first_pass(zone: &TimeZone, after: Second) -> Wall {
    let end = || {
        let change = zone.preceding(Timestamp::from_second(after + 1).ok()?).next()?.timestamp().as_second();
        let offset = zone.to_offset(Timestamp::from_second(change - 1).ok()?);
        Some(change + Wall::from(offset.seconds()))
    };
    end().unwrap_or(Wall::MIN)
}

/// The last look-up, so that a rare line walks through fifty changes with one.
struct Search<'a> {
    pattern: &'a Pattern,
    from: Wall,
    found: Wall,
}

impl<'a> Search<'a> {
    fn new(pattern: &'a Pattern, from: Wall) -> Option<Self> {
        Some(Self { pattern, from, found: pattern.first_from(from)? })
    }

    fn first_from(&mut self, from: Wall) -> Option<Wall> {
        if !(self.from..=self.found).contains(&from) {
            (self.from, self.found) = (from, self.pattern.first_from(from)?);
        }
        Some(self.found)
    }
}
