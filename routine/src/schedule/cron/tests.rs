//! Any text, any instant: no panic, no loop without end, and the times that the rules name.
//!
//! The rules are written a second time here, in the plainest way: every time of the wall clock in a window is tried, and
//! jiff says which instants show it.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::{Cron, second_of, time_of};

/// Zones with changes of every kind: an hour, half an hour, at midnight, over midnight, two hours, a day, none, negative
/// summer time, several in a year.
const ZONES: [&str; 14] = [
    "UTC",
    "Asia/Kolkata",
    "America/New_York",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Tehran",
    "Asia/Pyongyang",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Pacific/Apia",
    "Pacific/Kwajalein",
];

const DAY: i64 = 86_400;
const YEAR: i64 = 31_556_952;
/// The years 1970 to 2200.
const SECONDS: std::ops::Range<i64> = 0..230 * YEAR;

/// A field as text, the values that it means, and whether it begins with a star.
#[derive(Clone, Debug)]
struct Given {
    text: String,
    values: BTreeSet<i8>,
    star: bool,
}

fn given(text: String, values: impl IntoIterator<Item = i8>) -> Given {
    Given { star: text.starts_with('*'), text, values: values.into_iter().collect() }
}

fn field(from: i8, last: i8) -> impl Strategy<Value = Given> {
    let all = (from..=last).collect::<Vec<_>>();
    prop_oneof![
        2 => Just(given("*".to_owned(), all.clone())),
        1 => (1..=last - from).prop_map(move |step| {
            given(format!("*/{step}"), (from..=last).step_by(usize::from(step.unsigned_abs())))
        }),
        3 => subsequence(all, 1..=4).prop_map(|values| {
            given(values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","), values)
        }),
        1 => (from..=last, 0..=last - from).prop_map(move |(begin, reach)| {
            let end = begin.saturating_add(reach).min(last);
            given(format!("{begin}-{end}"), begin..=end)
        }),
    ]
}

/// Hours, most of them of the night, when clocks change.
fn hours() -> impl Strategy<Value = Given> {
    let night = subsequence(vec![0, 1, 2, 3, 23], 1..=3)
        .prop_map(|hours: Vec<i8>| given(hours.iter().map(ToString::to_string).collect::<Vec<_>>().join(","), hours));
    prop_oneof![2 => night, 1 => field(0, 23)]
}

/// Days, most of them all.
fn days(from: i8, last: i8) -> impl Strategy<Value = Given> {
    prop_oneof![2 => Just(given("*".to_owned(), from..=last)), 1 => field(from, last)]
}

#[derive(Clone, Debug)]
struct Schedule {
    second: Given,
    minute: Given,
    hour: Given,
    day: Given,
    weekday: Given,
    both_days: bool,
}

impl Schedule {
    fn line(&self) -> String {
        let plus = if self.both_days { "+" } else { "" };
        let Self { second, minute, hour, day, weekday, .. } = self;
        format!("{} {} {} {} * {plus}{}", second.text, minute.text, hour.text, day.text, weekday.text)
    }

    fn follows_clock(&self) -> bool {
        self.second.star || self.minute.star || self.hour.star
    }

    fn runs_on(&self, date: Date) -> bool {
        let day = self.day.values.contains(&date.day());
        let weekday = self.weekday.values.contains(&date.weekday().to_sunday_zero_offset());
        if self.both_days || self.day.text == "*" || self.weekday.text == "*" { day && weekday } else { day || weekday }
    }

    fn times_on(&self, date: Date) -> Vec<DateTime> {
        let mut times = Vec::new();
        for hour in self.hour.values.iter().filter(|_| self.runs_on(date)) {
            for minute in &self.minute.values {
                times.extend(self.second.values.iter().map(|second| date.at(*hour, *minute, *second, 0)));
            }
        }
        times
    }

    /// The instants that the rules give to a time of the wall clock.
    fn instants(&self, time: DateTime, zone: &TimeZone) -> Vec<i64> {
        let at = |offset: jiff::tz::Offset| offset.to_timestamp(time).unwrap().as_second();
        match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => vec![at(offset)],
            AmbiguousOffset::Fold { before, after } if self.follows_clock() => vec![at(before), at(after)],
            AmbiguousOffset::Fold { before, .. } => vec![at(before)],
            AmbiguousOffset::Gap { .. } if self.follows_clock() => vec![],
            // By the old offset it is after the change by less than the gap.
            AmbiguousOffset::Gap { before, .. } => {
                let just_after = Timestamp::from_second(at(before) + 1).unwrap();
                zone.preceding(just_after).next().iter().map(|change| change.timestamp().as_second()).collect()
            }
        }
    }

    /// The first `count` after `after` and before `until`.
    fn times(&self, after: i64, until: i64, zone: &TimeZone, count: usize) -> Vec<i64> {
        let date = |second: i64| zone.to_datetime(Timestamp::from_second(second).unwrap()).date();
        // A day more on both sides, for times that a gap moves.
        let days = date(after - 2 * DAY).series(Span::new().days(1)).take_while(|day| *day <= date(until + 2 * DAY));
        let instants = days.flat_map(|day| self.times_on(day)).flat_map(|time| self.instants(time, zone));
        let instants: BTreeSet<i64> = instants.filter(|instant| (after + 1..until).contains(instant)).collect();
        instants.into_iter().take(count).collect()
    }
}

fn schedule() -> impl Strategy<Value = Schedule> {
    // Few seconds, so that a window is not all times there are.
    let second = prop_oneof![
        3 => Just(given("0".to_owned(), [0])),
        1 => Just(given("*/30".to_owned(), [0, 30])),
        1 => Just(given("7,59".to_owned(), [7, 59])),
    ];
    (second, field(0, 59), hours(), days(1, 31), days(0, 6), any::<bool>()).prop_map(
        |(second, minute, hour, day, weekday, both_days)| Schedule { second, minute, hour, day, weekday, both_days },
    )
}

/// An instant of the years 1970 to 2200, most of them around a change of the zone's clocks.
fn instant(zone: &TimeZone, anywhere: i64, near: Option<i64>) -> i64 {
    let change = zone.following(Timestamp::from_second(anywhere).unwrap()).next();
    match (near, change) {
        (Some(distance), Some(change)) => change.timestamp().as_second() + distance,
        _ => anywhere,
    }
}

/// How far from a change, if at all: on the day before, or around the hours that it doubles or leaves out.
fn near() -> impl Strategy<Value = Option<i64>> {
    prop::option::weighted(0.9, prop_oneof![-DAY..DAY / 4, -DAY / 12..DAY / 12])
}

fn at(second: i64) -> SystemTime {
    time_of(second).unwrap()
}

#[test]
fn the_program_has_its_own_copy_of_the_zones() {
    for zone in ZONES {
        assert!(TimeZoneDatabase::bundled().get(zone).is_ok(), "{zone}");
    }
}

#[test]
fn a_line_is_shared_between_threads() {
    const fn shared<T: Clone + Send + Sync + Unpin + 'static>() {}
    shared::<Cron>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_times_are_those_that_the_rules_name(
        schedule in schedule(),
        zone in select(&ZONES[..]),
        anywhere in SECONDS,
        near in near(),
    ) {
        // Both days asked for, and never on one date.
        let Ok(cron) = Cron::parse(&schedule.line()) else {
            prop_assert!(schedule.both_days);
            return Ok(());
        };
        let cron = cron.in_zone(zone).unwrap();
        let after = instant(cron.time_zone(), anywhere, near);
        let until = after + 3 * DAY;
        let times = cron.upcoming(at(after)).map(|time| second_of(time).unwrap());
        let times: Vec<i64> = times.take_while(|time| *time < until).take(100).collect();
        prop_assert_eq!(times, schedule.times(after, until, cron.time_zone(), 100), "{} in {}", cron, zone);
    }

    #[test]
    fn no_time_is_passed_over_and_none_comes_twice(
        schedule in schedule(),
        zone in select(&ZONES[..]),
        anywhere in SECONDS,
        near in near(),
        between in 0.0..1.0_f64,
    ) {
        let Ok(cron) = Cron::parse(&schedule.line()) else { return Ok(()) };
        let cron = cron.in_zone(zone).unwrap();
        let after = at(instant(cron.time_zone(), anywhere, near));
        let times: Vec<SystemTime> = cron.upcoming(after).take(20).collect();
        prop_assert!(times.iter().is_sorted_by(|earlier, later| earlier < later));
        prop_assert!(times[0] > after);
        // From anywhere before the next time, it is the next time.
        let way = times[0].duration_since(after).unwrap().saturating_sub(Duration::from_nanos(1));
        prop_assert_eq!(cron.next_after(after + way.mul_f64(between)), Some(times[0]));
    }

    #[test]
    fn any_text_is_taken_or_refused_with_its_place(text in any_text(), second in SECONDS, later in 0..10 * YEAR) {
        match Cron::parse(&text) {
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.position().unwrap()));
                // What the grammar takes, croner takes.
                prop_assert!(!error.to_string().contains("calendar does not take"), "{}", error);
                prop_assert!(!error.to_string().contains(char::is_control));
            }
            Ok(cron) => {
                prop_assert_eq!(cron.to_string().parse::<Cron>().unwrap().to_string(), cron.to_string());
                let cron = cron.in_zone("America/New_York").unwrap();
                let next = cron.next_after(at(second)).unwrap();
                prop_assert!(next > at(second));
                prop_assert!(cron.next_after(at(second + later)).unwrap() >= next);
            }
        }
    }

    #[test]
    fn any_instant_is_taken(seconds in any::<i64>(), nanos in 0..1_000_000_000_u32, zone in select(&ZONES[..])) {
        let distance = Duration::new(seconds.unsigned_abs(), nanos);
        let time = if seconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        let cron = Cron::parse("30 2 * * *").unwrap().in_zone(zone).unwrap();
        if let Some(time) = time {
            prop_assert!(cron.next_after(time).is_none_or(|next| next > time));
        }
    }

    #[test]
    fn a_second_is_the_one_that_a_time_is_in(second in -100 * YEAR..100 * YEAR, nanos in 0..1_000_000_000_u32) {
        prop_assert_eq!(second_of(at(second) + Duration::new(0, nanos)), Some(second));
    }
}

/// Anything, and what is nearly a line.
fn any_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("*".to_owned()),
        Just("?".to_owned()),
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (0..40_u8).prop_map(|number| number.to_string()),
        (0..32_u8).prop_map(|number| format!("{number}W")),
        (0..8_u8, 0..7_u8).prop_map(|(day, week)| format!("{day}#{week}")),
        select(&["MON", "sun", "FRIL", "7L", "jan", "DEC", "wed#L", "", "JANFEB", "+1"][..]).prop_map(str::to_owned),
    ];
    let range = prop_oneof![
        4 => value.clone(),
        1 => (value.clone(), value.clone()).prop_map(|(from, to)| format!("{from}-{to}")),
        1 => (value.clone(), 0..70_u8).prop_map(|(from, step)| format!("{from}/{step}")),
        1 => (value.clone(), value, 0..9_u8).prop_map(|(from, to, step)| format!("{from}-{to}/{step}")),
    ];
    let list = prop_oneof![
        3 => range.clone(),
        1 => prop::collection::vec(range, 0..4).prop_map(|items| items.join(",")),
    ];
    prop_oneof![
        1 => any::<String>(),
        1 => "[0-9*/,LW#?+@A-Za-z -]{0,30}",
        1 => "@[a-z]{0,8}",
        6 => prop::collection::vec(list, 4..8).prop_map(|fields| fields.join(" ")),
    ]
}
