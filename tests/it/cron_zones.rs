//! What a schedule does when the clocks of its zone change: real changes, as `zdump -v` prints them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use routine::schedule::Cron;

/// The times of `line` in a zone that lie in `from..until`, each as a local time and its offset.
fn times(line: &str, zone: &str, from: &str, until: &str) -> Vec<String> {
    let cron = Cron::parse(line).unwrap().in_zone(zone).unwrap();
    let until = at(until);
    cron.upcoming(at(from) - Duration::from_nanos(1))
        .take_while(|at| *at < until)
        .map(|at| local(at, cron.time_zone()))
        .collect()
}

fn at(text: &str) -> SystemTime {
    SystemTime::try_from(text.parse::<Timestamp>().unwrap()).unwrap()
}

fn local(at: SystemTime, zone: &TimeZone) -> String {
    let at = Timestamp::try_from(at).unwrap().to_zoned_datetime(zone.clone());
    let time = if at.second() == 0 { at.strftime("%d %H:%M %z") } else { at.strftime("%d %H:%M:%S %z") };
    time.to_string()
}

/// The times in New York in the 24 hours from `midnight` on.
fn new_york(line: &str, midnight: &str) -> Vec<String> {
    let from: Timestamp = midnight.parse().unwrap();
    times(line, "America/New_York", midnight, &(from + Duration::from_hours(24)).to_string())
}

// New York: 8 March 2026, 02:00 -05 becomes 03:00 -04.
const SPRING: &str = "2026-03-08T00:00-05:00";
// New York: 1 November 2026, 02:00 -04 becomes 01:00 -05.
const FALL: &str = "2026-11-01T00:00-04:00";

#[test]
fn a_fixed_time_in_the_gap_runs_once_right_after_it() {
    assert_eq!(new_york("30 2 * * *", SPRING), ["08 03:00 -0400"]);
    assert_eq!(new_york("0 2 * * *", SPRING), ["08 03:00 -0400"]);
    assert_eq!(new_york("59 59 2 * * *", SPRING), ["08 03:00 -0400"]);
    assert_eq!(new_york("30 2 8 3 *", SPRING), ["08 03:00 -0400"]);
}

#[test]
fn fixed_times_that_the_clock_jumps_over_together_make_one_run() {
    assert_eq!(new_york("0,20,40 2 * * *", SPRING), ["08 03:00 -0400"]);
    assert_eq!(new_york("0-59 2 * * *", SPRING), ["08 03:00 -0400"]);
    // With the time that the clock jumps to.
    assert_eq!(new_york("0 2,3 * * *", SPRING), ["08 03:00 -0400"]);
    assert_eq!(new_york("30 1,2,3 * * *", SPRING), ["08 01:30 -0500", "08 03:00 -0400", "08 03:30 -0400"]);
}

#[test]
fn a_fixed_time_among_several_is_not_lost_in_the_gap() {
    // croner takes such a line for an interval, and leaves 02:30 out.
    assert_eq!(new_york("30 2,14 * * *", SPRING), ["08 03:00 -0400", "08 14:30 -0400"]);
}

#[test]
fn the_day_after_a_gap_is_an_ordinary_day() {
    let days = times("30 2 * * *", "America/New_York", "2026-03-07T05:00Z", "2026-03-11T04:00Z");
    assert_eq!(days, ["07 02:30 -0500", "08 03:00 -0400", "09 02:30 -0400", "10 02:30 -0400"]);
}

#[test]
fn a_fixed_time_in_the_overlap_runs_once_on_the_first_pass() {
    assert_eq!(new_york("30 1 * * *", FALL), ["01 01:30 -0400"]);
    assert_eq!(new_york("0 1 * * *", FALL), ["01 01:00 -0400"]);
    assert_eq!(new_york("59 59 1 * * *", FALL), ["01 01:59:59 -0400"]);
    assert_eq!(new_york("0 2 * * *", FALL), ["01 02:00 -0500"]);
    assert_eq!(
        new_york("0,30 1,2 * * *", FALL),
        ["01 01:00 -0400", "01 01:30 -0400", "01 02:00 -0500", "01 02:30 -0500"]
    );
}

#[test]
fn a_fixed_time_is_not_found_again_from_the_second_pass() {
    let cron = Cron::parse("30 1 * * *").unwrap().in_zone("America/New_York").unwrap();
    for second_pass in ["2026-11-01T06:00Z", "2026-11-01T06:15Z", "2026-11-01T06:30Z", "2026-11-01T06:59:59Z"] {
        let next = cron.next_after(at(second_pass)).unwrap();
        assert_eq!(local(next, cron.time_zone()), "02 01:30 -0500", "{second_pass}");
    }
}

#[test]
fn a_wildcard_follows_the_clock_through_both_passes() {
    let quarters = times("*/15 * * * *", "America/New_York", "2026-11-01T05:30Z", "2026-11-01T07:15Z");
    assert_eq!(
        quarters,
        [
            "01 01:30 -0400",
            "01 01:45 -0400",
            "01 01:00 -0500",
            "01 01:15 -0500",
            "01 01:30 -0500",
            "01 01:45 -0500",
            "01 02:00 -0500",
        ],
    );
    assert_eq!(
        new_york("0 * * * *", FALL)[..4],
        ["01 00:00 -0400", "01 01:00 -0400", "01 01:00 -0500", "01 02:00 -0500"]
    );
    assert_eq!(
        new_york("*/30 1 * * *", FALL),
        ["01 01:00 -0400", "01 01:30 -0400", "01 01:00 -0500", "01 01:30 -0500"]
    );
}

#[test]
fn a_wildcard_leaves_out_what_the_clock_leaves_out() {
    assert_eq!(new_york("*/15 2 * * *", SPRING), [""; 0]);
    assert_eq!(
        new_york("0 * * * *", SPRING)[..4],
        ["08 00:00 -0500", "08 01:00 -0500", "08 03:00 -0400", "08 04:00 -0400"]
    );
    assert_eq!(new_york("30 */2 * * *", SPRING)[..2], ["08 00:30 -0500", "08 04:30 -0400"]);
    assert_eq!(new_york("*/20 30 2 * * *", SPRING), [""; 0]);
}

#[test]
fn a_day_of_23_or_25_hours_has_as_many_hourly_runs() {
    let runs = |day: &str, next: &str| times("0 * * * *", "America/New_York", day, next).len();
    assert_eq!(runs("2026-03-08T05:00Z", "2026-03-09T04:00Z"), 23);
    assert_eq!(runs("2026-11-01T04:00Z", "2026-11-02T05:00Z"), 25);
    let seconds = times("* * * * * *", "America/New_York", "2026-11-01T05:00Z", "2026-11-01T07:00Z");
    assert_eq!(seconds.len(), 7200);
}

// Lord Howe: 4 October 2026, 02:00 +10:30 becomes 02:30 +11; 5 April 2026, 02:00 +11 becomes 01:30 +10:30.
#[test]
fn the_half_hour_of_lord_howe() {
    let lord_howe = |line: &str, from: &str| {
        let from: Timestamp = from.parse().unwrap();
        let until = from + Duration::from_hours(6);
        times(line, "Australia/Lord_Howe", &from.to_string(), &until.to_string())
    };
    let (spring, fall) = ("2026-10-03T13:30Z", "2026-04-04T13:00Z");
    assert_eq!(lord_howe("15 2 * * *", spring), ["04 02:30 +1100"]);
    assert_eq!(lord_howe("30 2 * * *", spring), ["04 02:30 +1100"]);
    assert_eq!(lord_howe("45 2 * * *", spring), ["04 02:45 +1100"]);
    assert_eq!(
        lord_howe("0 * * * *", spring)[..4],
        ["04 00:00 +1030", "04 01:00 +1030", "04 03:00 +1100", "04 04:00 +1100"]
    );
    assert_eq!(lord_howe("45 1 * * *", fall), ["05 01:45 +1100"]);
    assert_eq!(lord_howe("15 1 * * *", fall), ["05 01:15 +1100"]);
    assert_eq!(
        lord_howe("*/15 1 * * *", fall),
        ["05 01:00 +1100", "05 01:15 +1100", "05 01:30 +1100", "05 01:45 +1100", "05 01:30 +1030", "05 01:45 +1030"]
    );
}

// São Paulo: 4 November 2018, 00:00 -03 becomes 01:00 -02; 18 February 2018, 00:00 -02 becomes the 17th, 23:00 -03.
#[test]
fn the_missing_midnight_of_sao_paulo() {
    let daily = times("0 0 * * *", "America/Sao_Paulo", "2018-11-03T03:00Z", "2018-11-06T00:00Z");
    assert_eq!(daily, ["03 00:00 -0300", "04 01:00 -0200", "05 00:00 -0200"]);
    let nickname = times("@daily", "America/Sao_Paulo", "2018-11-03T03:00Z", "2018-11-06T00:00Z");
    assert_eq!(nickname, daily);
    let sunday = times("0 0 * * SUN", "America/Sao_Paulo", "2018-11-03T03:00Z", "2018-11-12T03:00Z");
    assert_eq!(sunday, ["04 01:00 -0200", "11 00:00 -0200"]);
    let hourly = times("@hourly", "America/Sao_Paulo", "2018-11-04T02:00Z", "2018-11-04T05:00Z");
    assert_eq!(hourly, ["03 23:00 -0300", "04 01:00 -0200", "04 02:00 -0200"]);
}

#[test]
fn the_evening_that_sao_paulo_has_twice() {
    let half_past = times("30 23 * * *", "America/Sao_Paulo", "2018-02-17T02:00Z", "2018-02-19T03:00Z");
    assert_eq!(half_past, ["17 23:30 -0200", "18 23:30 -0300"]);
    let midnight = times("0 0 * * *", "America/Sao_Paulo", "2018-02-17T03:00Z", "2018-02-19T02:00Z");
    assert_eq!(midnight, ["18 00:00 -0300"]);
    let wild = times("*/30 23 * * *", "America/Sao_Paulo", "2018-02-18T00:00Z", "2018-02-18T04:00Z");
    assert_eq!(wild, ["17 23:00 -0200", "17 23:30 -0200", "17 23:00 -0300", "17 23:30 -0300"]);
}

// Apia went from Thursday 29 December 2011, 24:00 -10, to Saturday the 31st, 00:00 +14.
#[test]
fn the_day_that_samoa_left_out_runs_when_it_is_over() {
    let samoa = |line| times(line, "Pacific/Apia", "2011-12-29T10:00Z", "2012-01-01T10:00Z");
    assert_eq!(samoa("0 12 30 12 *"), ["31 00:00 +1400"]);
    assert_eq!(samoa("0 12 * * FRI"), ["31 00:00 +1400"]);
    assert_eq!(samoa("0 12 * * *"), ["29 12:00 -1000", "31 00:00 +1400", "31 12:00 +1400", "01 12:00 +1400"]);
    assert_eq!(samoa("0 */12 30 * *"), [""; 0]);
}

// Toronto: 30 March 1919, 23:30 -05 becomes the 31st, 00:30 -04. Pyongyang: 4 May 2018, 23:30 +08:30 becomes the 5th, 00:00.
#[test]
fn a_gap_over_midnight_belongs_to_the_day_it_began_on() {
    let toronto = |line| times(line, "America/Toronto", "1919-03-30T05:00Z", "1919-04-01T04:00Z");
    assert_eq!(toronto("45 23 30 3 *"), ["31 00:30 -0400"]);
    assert_eq!(toronto("45 23 * * *"), ["31 00:30 -0400", "31 23:45 -0400"]);
    assert_eq!(toronto("15 0 31 * *"), ["31 00:30 -0400"]);
    assert_eq!(times("45 23 4 5 *", "Asia/Pyongyang", "2018-05-04T00:00Z", "2018-05-06T00:00Z"), ["05 00:00 +0900"]);
}

// Troll jumps two hours: 29 March 2026, 01:00 +00 becomes 03:00 +02; 25 October, 03:00 +02 becomes 01:00 +00.
#[test]
fn the_two_hours_of_troll() {
    let troll = |line, from: &str, until: &str| times(line, "Antarctica/Troll", from, until);
    assert_eq!(troll("0 1,2 * * *", "2026-03-29T00:00Z", "2026-03-29T22:00Z"), ["29 03:00 +0200"]);
    assert_eq!(troll("0 1,2 * * *", "2026-10-24T22:00Z", "2026-10-25T22:00Z"), ["25 01:00 +0200", "25 02:00 +0200"]);
    assert_eq!(
        troll("0 1-2/1,*/23 * * *", "2026-10-24T22:00Z", "2026-10-25T04:00Z"),
        ["25 00:00 +0200", "25 01:00 +0200", "25 02:00 +0200", "25 01:00 +0000", "25 02:00 +0000"]
    );
}

// Monrovia: 7 January 1972, 00:00:00 -00:44:30 becomes 00:44:30 +00.
#[test]
fn a_zone_that_is_seconds_off_has_its_gap_to_the_second() {
    let monrovia = |line| times(line, "Africa/Monrovia", "1972-01-06T12:00Z", "1972-01-07T12:00Z");
    assert_eq!(monrovia("0 0 * * *"), ["07 00:44:30 +0000"]);
    assert_eq!(monrovia("30 44 0 7 1 *"), ["07 00:44:30 +0000"]);
    assert_eq!(monrovia("31 44 0 7 1 *"), ["07 00:44:31 +0000"]);
}

#[test]
fn the_29th_of_february_comes_in_leap_years_at_local_time() {
    let years = times("0 12 29 2 *", "Europe/Berlin", "2026-01-01T00:00Z", "2037-01-01T00:00Z");
    assert_eq!(years, ["29 12:00 +0100", "29 12:00 +0100", "29 12:00 +0100"]);
    // Through the fifty changes between two of them.
    let cron = Cron::parse("30 2 29 2 +MON").unwrap().in_zone("America/New_York").unwrap();
    assert_eq!(cron.next_after(at("2026-01-01T00:00Z")), Some(at("2044-02-29T02:30-05:00")));
}

#[test]
fn a_line_is_in_utc_unless_a_zone_is_named() {
    let cron: Cron = "0 3 * * *".parse().unwrap();
    assert_eq!(cron.next_after(UNIX_EPOCH), Some(UNIX_EPOCH + Duration::from_hours(3)));
    assert_eq!(cron.time_zone(), &TimeZone::UTC);
}

#[test]
fn a_zone_can_be_given_as_jiff_has_it() {
    let line = Cron::parse("0 3 * * *").unwrap();
    let ahead = line.clone().in_time_zone(TimeZone::fixed(offset(2)));
    assert_eq!(ahead.next_after(UNIX_EPOCH), Some(UNIX_EPOCH + Duration::from_hours(1)));
    let posix = line.in_time_zone(TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap());
    assert_eq!(posix.next_after(at("2190-07-01T00:00-04:00")), Some(at("2190-07-01T03:00-04:00")));
}

#[test]
fn far_times_have_an_end_and_no_panic() {
    let cron = Cron::parse("0 0 29 2 *").unwrap().in_zone("America/New_York").unwrap();
    let year = Duration::from_secs(31_556_952);
    for far in [3_100, 8_000, 100_000, u32::MAX] {
        if let Some(after) = UNIX_EPOCH.checked_add(year * far) {
            assert_eq!(cron.next_after(after), None, "{far}");
        }
    }
    assert_eq!(cron.upcoming(UNIX_EPOCH + year * 2_900).last(), Some(at("4996-02-29T00:00-05:00")));
    for far in [2_500, 100_000, u32::MAX] {
        if let Some(after) = UNIX_EPOCH.checked_sub(year * far) {
            assert!(cron.next_after(after).unwrap() > after, "{far}");
        }
    }
}

#[test]
fn a_cron_shows_its_line_as_it_was_written() {
    let cron = Cron::parse("  30  9 *\t* mon-FRI ").unwrap().in_zone("Europe/Berlin").unwrap();
    assert_eq!(cron.to_string(), "30 9 * * mon-FRI");
    assert_eq!(cron.to_string().parse::<Cron>().unwrap().to_string(), cron.to_string());
    assert_eq!(format!("{cron:?}"), "Cron { line: \"30 9 * * mon-FRI\", zone: \"Europe/Berlin\", .. }");
    assert_eq!(Cron::parse("@Daily").unwrap().to_string(), "@Daily");
}
