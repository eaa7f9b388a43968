//! Cron lines and their next times, each with where it is known from.
//!
//! None of the expectations was read off this library. The sources:
//!
//! - *robfig*: the Go library robfig/cron, `spec_test.go` at v3; its `0/15` is written as a range here, which it needs. Where
//!   it stands for a rule of ours that differs, the row is among the other sources.
//! - *crontab(5)*, *cron(8)*: the manual of Vixie's cron, as Debian ships it.
//! - *Quartz*: its "CronTrigger Tutorial"; its weekdays count from 1, so they are names here.
//! - *date*: the weekday as GNU `date -u -d 2026-02-13 +%a` says it.
//! - *tz*: the change of the clock as `zdump -v` prints it, and a sum by hand.

use std::time::SystemTime;

use jiff::Timestamp;
use routine::schedule::Cron;

/// A line, its zone, a time, the next time after it, and who says so.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const UTC: &str = "UTC";
const NEW_YORK: &str = "America/New_York";
const SAO_PAULO: &str = "America/Sao_Paulo";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Minutes, seconds, hours: steps and ranges, and what they carry into.
    ("0 */15 * * * *", UTC, "2012-07-09T14:45Z", "2012-07-09T15:00Z", "robfig: simple"),
    ("0 */15 * * * *", UTC, "2012-07-09T14:59Z", "2012-07-09T15:00Z", "robfig: simple"),
    ("0 */15 * * * *", UTC, "2012-07-09T14:59:59Z", "2012-07-09T15:00Z", "robfig: simple"),
    ("*/15 * * * *", UTC, "2012-07-09T15:40Z", "2012-07-09T15:45Z", "robfig: every fifteen minutes"),
    ("5-59/15 * * * *", UTC, "2012-07-09T15:05Z", "2012-07-09T15:20Z", "robfig: fifteen minutes from 5"),
    ("5-59/15 * * * *", UTC, "2012-07-09T15:50Z", "2012-07-09T16:05Z", "robfig: fifteen minutes from 5"),
    ("0 20-35/15 * * * *", UTC, "2012-07-09T15:45Z", "2012-07-09T16:20Z", "robfig: around the hour"),
    ("0 */15 * * * *", UTC, "2012-07-09T23:46Z", "2012-07-10T00:00Z", "robfig: around the day"),
    ("0 20-35/15 * * * *", UTC, "2012-07-09T23:45Z", "2012-07-10T00:20Z", "robfig: around the day"),
    ("15-59/35 20-35/15 * * * *", UTC, "2012-07-09T23:35:51Z", "2012-07-10T00:20:15Z", "robfig: around the day"),
    ("15-59/35 20-35/15 1-23/2 * * *", UTC, "2012-07-09T23:35:51Z", "2012-07-10T01:20:15Z", "robfig: around the day"),
    ("15-59/35 20-35/15 10-12 * * *", UTC, "2012-07-09T23:35:51Z", "2012-07-10T10:20:15Z", "robfig: around the day"),
    ("15-59/35 20-35/15 1-23/2 */2 * *", UTC, "2012-07-09T23:35:51Z", "2012-07-11T01:20:15Z", "robfig: around the day"),
    ("15-59/35 20-35/15 * 9-20 * *", UTC, "2012-07-09T23:35:51Z", "2012-07-10T00:20:15Z", "robfig: around the day"),
    ("15-59/35 20-35/15 * 9-20 Jul *", UTC, "2012-07-09T23:35:51Z", "2012-07-10T00:20:15Z", "robfig: around the day"),
    ("0 * * * * *", UTC, "2012-12-31T23:59:45Z", "2013-01-01T00:00Z", "robfig: around all fields"),
    ("23 0-23/2 * * *", UTC, "2026-01-01T22:23Z", "2026-01-02T00:23Z", "crontab(5): 23 minutes after midnight, 2am, 4am, .."),
    ("0 */5 14,18 * * ?", UTC, "2026-01-01T14:55Z", "2026-01-01T18:00Z", "Quartz: every 5 minutes from 2 to 2:55 and from 6 to 6:55"),
    ("0 0-5 14 * * ?", UTC, "2026-01-01T14:05Z", "2026-01-02T14:00Z", "Quartz: every minute from 2 to 2:05"),
    ("* * * * * *", UTC, "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z", "by hand: the next whole second"),
    ("* * * * * *", UTC, "2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:01Z", "by hand: the next whole second"),
    ("* * * * *", UTC, "2026-01-01T00:00:59.999999999Z", "2026-01-01T00:01Z", "by hand: the next whole minute"),
    ("5,1,3 * * * *", UTC, "2026-01-01T00:01Z", "2026-01-01T00:03Z", "by hand: a list has no order"),
    ("1-5,3-8/5 * * * *", UTC, "2026-01-01T00:05Z", "2026-01-01T00:08Z", "by hand: ranges that overlap"),

    // Days and months.
    ("5 0 * * *", UTC, "2026-01-01T00:05Z", "2026-01-02T00:05Z", "crontab(5): five minutes after midnight, every day"),
    ("15 14 1 * *", UTC, "2026-01-01T14:15Z", "2026-02-01T14:15Z", "crontab(5): 2:15pm on the first of every month"),
    ("0 0 0 9 Apr-Oct ?", UTC, "2012-07-09T23:35Z", "2012-08-09T00:00Z", "robfig: around the month"),
    ("0 0 0 9 apr-oct ?", UTC, "2012-10-09T23:35Z", "2013-04-09T00:00Z", "robfig: around the year, in small letters"),
    ("0 11 11 11 11 ?", UTC, "2026-11-11T11:11Z", "2027-11-11T11:11Z", "Quartz: every November 11 at 11:11"),
    ("0 0 */12 * *", UTC, "2026-01-25T00:00Z", "2026-02-01T00:00Z", "by hand: days step from the 1st: 1, 13, 25"),
    ("0 0 1 */5 *", UTC, "2026-06-01T00:00Z", "2026-11-01T00:00Z", "by hand: months step from January: 1, 6, 11"),
    ("0 0 31 * *", UTC, "2026-03-31T00:00Z", "2026-05-31T00:00Z", "by hand: April has 30 days"),
    ("0 0 30 * *", UTC, "2026-01-30T00:00Z", "2026-03-30T00:00Z", "by hand: no February has 30 days"),

    // Days of the week: names, 0 and 7, ranges over Sunday.
    ("0 22 * * 1-5", UTC, "2026-01-02T22:00Z", "2026-01-05T22:00Z", "crontab(5): 10 pm on weekdays; date: the 2nd is a Friday"),
    ("5 4 * * sun", UTC, "2026-01-01T00:00Z", "2026-01-04T04:05Z", "crontab(5): 5 after 4 every sunday; date: the 4th"),
    ("5 4 * * 0", UTC, "2026-01-01T00:00Z", "2026-01-04T04:05Z", "crontab(5): 0 or 7 is Sunday"),
    ("5 4 * * 7", UTC, "2026-01-01T00:00Z", "2026-01-04T04:05Z", "crontab(5): 0 or 7 is Sunday"),
    ("0 0 * * 5-7", UTC, "2026-01-03T00:00Z", "2026-01-04T00:00Z", "crontab(5): 7 ends a range; date: the 4th is a Sunday"),
    ("0 0 * * FRI-SUN", UTC, "2026-01-03T00:00Z", "2026-01-04T00:00Z", "the same in names"),
    ("0 0 * * FRI-SUN", UTC, "2026-01-04T00:00Z", "2026-01-09T00:00Z", "date: the 9th is a Friday"),
    ("0 0 * * SUN-TUE", UTC, "2026-01-06T00:00Z", "2026-01-11T00:00Z", "date: the 6th is a Tuesday, the 11th a Sunday"),
    ("0 0 * * 7-2", UTC, "2026-01-06T00:00Z", "2026-01-11T00:00Z", "the same in numbers"),
    ("* * * * Mon", UTC, "2012-07-15T00:00Z", "2012-07-16T00:00Z", "robfig: a star and a weekday"),
    ("0 0 0 * Feb Mon", UTC, "2012-07-09T23:35Z", "2013-02-04T00:00Z", "robfig: around the year"),
    ("0 0 0 * Feb Mon-Sat/2", UTC, "2012-07-09T23:35Z", "2013-02-01T00:00Z", "robfig: around the year"),
    ("0 10,44 14 ? 3 WED", UTC, "2026-03-04T14:10Z", "2026-03-04T14:44Z", "Quartz: 2:10 and 2:44 every Wednesday in March"),
    ("0 10,44 14 ? 3 WED", UTC, "2026-03-25T14:44Z", "2027-03-03T14:10Z", "date: the last and the first Wednesday in March"),
    ("0 15 10 ? * MON-FRI", UTC, "2026-01-02T10:15Z", "2026-01-05T10:15Z", "Quartz: 10:15 every Monday to Friday"),
    ("0 0 * * */3", UTC, "2026-01-04T00:00Z", "2026-01-07T00:00Z", "by hand: weekdays step from Sunday: 0, 3, 6"),

    // A day of the month or of the week: one is enough, unless there is a `+`.
    ("30 4 1,15 * 5", UTC, "2026-01-01T04:30Z", "2026-01-02T04:30Z", "crontab(5): 4:30 am on the 1st and 15th, plus every Friday"),
    ("30 4 1,15 * 5", UTC, "2026-01-09T04:30Z", "2026-01-15T04:30Z", "crontab(5): the same; date: the 15th is a Thursday"),
    ("30 4 1,15 * 5", UTC, "2026-01-15T04:30Z", "2026-01-16T04:30Z", "crontab(5): the same"),
    ("* * 1,15 * Sun", UTC, "2012-06-14T23:59Z", "2012-06-15T00:00Z", "robfig: both restricted, a Friday"),
    ("* * 1,15 * Sun", UTC, "2012-07-31T23:59Z", "2012-08-01T00:00Z", "robfig: both restricted, a Wednesday"),
    ("* * */10 * Sun", UTC, "2012-07-14T23:59Z", "2012-07-15T00:00Z", "robfig #70: a step restricts, so a Sunday is enough"),
    ("0 0 0 */5 Apr,Aug,Oct Mon", UTC, "2012-07-09T23:35Z", "2012-08-01T00:00Z", "robfig: a step restricts, so the 1st is enough"),
    ("0 0 0 */5 Oct Mon", UTC, "2012-07-09T23:35Z", "2012-10-01T00:00Z", "robfig: around the month"),
    ("* * 1,15 * *", UTC, "2012-07-09T00:00Z", "2012-07-15T00:00Z", "robfig: one has a star"),
    ("30 08 ? Jul Sun", UTC, "2012-07-15T08:30Z", "2012-07-22T08:30Z", "robfig: everything set; date: the 22nd is a Sunday"),
    ("30 08 15 Jul ?", UTC, "2012-07-15T08:30Z", "2013-07-15T08:30Z", "robfig: everything set"),
    ("0 0 13 * +FRI", UTC, "2026-03-13T00:00Z", "2026-11-13T00:00Z", "date: Fridays the 13th of 2026: February, March, November"),
    ("0 0 13 * +FRI", UTC, "2026-11-13T00:00Z", "2027-08-13T00:00Z", "date: the only Friday the 13th of 2027"),
    ("0 0 * * +FRI", UTC, "2026-01-02T00:00Z", "2026-01-09T00:00Z", "date: with every day of the month, each Friday"),

    // The last day, the nearest weekday, the n-th weekday.
    ("0 15 10 L * ?", UTC, "2026-02-01T00:00Z", "2026-02-28T10:15Z", "Quartz: the last day of every month"),
    ("0 15 10 L * ?", UTC, "2028-02-01T00:00Z", "2028-02-29T10:15Z", "Quartz: the same in a leap year"),
    ("0 0 l * *", UTC, "2026-04-01T00:00Z", "2026-04-30T00:00Z", "Quartz: the same in small letters"),
    ("0 15 10 ? * FRIL", UTC, "2026-01-01T00:00Z", "2026-01-30T10:15Z", "Quartz: the last Friday of every month; date"),
    ("0 0 * * 0L", UTC, "2026-01-01T00:00Z", "2026-01-25T00:00Z", "date: the last Sunday of January"),
    ("0 0 * * 7L", UTC, "2026-01-01T00:00Z", "2026-01-25T00:00Z", "the same with the other Sunday"),
    ("0 15 10 ? * FRI#3", UTC, "2026-01-01T00:00Z", "2026-01-16T10:15Z", "Quartz: the third Friday of every month; date"),
    ("0 0 * * 5#5", UTC, "2026-01-30T00:00Z", "2026-05-29T00:00Z", "date: the next month with five Fridays is May"),
    ("0 0 * * MON#1,SUN#L", UTC, "2026-02-02T00:00Z", "2026-02-22T00:00Z", "date: the last Sunday of February"),
    ("0 0 12 LW * ?", UTC, "2026-01-01T00:00Z", "2026-01-30T12:00Z", "Quartz: the last weekday; date: the 31st is a Saturday"),
    ("0 0 12 LW * ?", UTC, "2026-05-01T00:00Z", "2026-05-29T12:00Z", "Quartz: the last weekday; date: the 31st is a Sunday"),
    ("0 0 12 15W * ?", UTC, "2026-02-01T00:00Z", "2026-02-16T12:00Z", "Quartz: the 15th is a Sunday, so Monday the 16th"),
    ("0 0 12 15W * ?", UTC, "2026-08-01T00:00Z", "2026-08-14T12:00Z", "Quartz: the 15th is a Saturday, so Friday the 14th"),
    ("0 0 12 15W * ?", UTC, "2026-09-01T00:00Z", "2026-09-15T12:00Z", "Quartz: the 15th is a Tuesday"),
    ("0 0 12 1W * ?", UTC, "2026-07-31T00:00Z", "2026-08-03T12:00Z", "Quartz: the 1st is a Saturday, so Monday the 3rd"),
    ("0 0 12 31W * ?", UTC, "2026-05-01T13:00Z", "2026-05-29T12:00Z", "Quartz: it stays in its month; date: the 31st is a Sunday"),
    ("0 0 12 31W * ?", UTC, "2026-05-29T12:00Z", "2026-07-31T12:00Z", "by hand: June has 30 days; date: a Friday"),

    // Nicknames.
    ("@hourly", UTC, "2012-07-09T15:00Z", "2012-07-09T16:00Z", "robfig: predefined"),
    ("@daily", UTC, "2012-07-09T15:00Z", "2012-07-10T00:00Z", "robfig: predefined"),
    ("@midnight", UTC, "2012-07-09T15:00Z", "2012-07-10T00:00Z", "crontab(5): same as @daily"),
    ("@weekly", UTC, "2012-07-09T00:00Z", "2012-07-15T00:00Z", "robfig: predefined; date: a Sunday"),
    ("@monthly", UTC, "2012-07-08T00:00Z", "2012-08-01T00:00Z", "robfig: predefined"),
    ("@yearly", UTC, "2012-07-08T00:00Z", "2013-01-01T00:00Z", "crontab(5): 0 0 1 1 *"),
    ("@Annually", UTC, "2012-07-08T00:00Z", "2013-01-01T00:00Z", "crontab(5): same as @yearly"),

    // 29 February.
    ("0 0 0 29 Feb ?", UTC, "2012-07-09T23:35Z", "2016-02-29T00:00Z", "robfig: leap year"),
    ("0 0 29 2 *", UTC, "1996-02-29T00:00Z", "2000-02-29T00:00Z", "Gregory: 2000 is a leap year"),
    ("0 0 29 2 *", UTC, "2096-02-29T00:00Z", "2104-02-29T00:00Z", "Gregory: 2100 is none"),
    ("0 0 29 2 +MON", UTC, "2016-02-29T00:00Z", "2044-02-29T00:00Z", "date: a Monday"),
    ("0 0 29 2 +MON", UTC, "2072-02-29T00:00Z", "2112-02-29T00:00Z", "date: a Monday, across 2100"),
    ("0 0 29 2 MON", UTC, "2026-01-01T00:00Z", "2026-02-02T00:00Z", "date: without `+`, each Monday of February"),

    // Before 1970, and far ahead.
    ("0 0 1 1 *", UTC, "1969-06-01T00:00Z", "1970-01-01T00:00Z", "by hand"),
    ("0 0 * * MON", UTC, "1900-01-01T00:00Z", "1900-01-08T00:00Z", "date: a Monday"),
    ("0 0 1 1 *", UTC, "2999-06-01T00:00Z", "3000-01-01T00:00Z", "by hand"),

    // In a zone.
    ("14 14 * * *", "Asia/Kolkata", "2016-01-03T13:09:03+05:30", "2016-01-03T14:14+05:30", "robfig: TestNextWithTz"),
    ("14 14 * * ?", "Asia/Kolkata", "2016-01-03T04:09:03+05:30", "2016-01-03T14:14+05:30", "robfig: TestNextWithTz"),
    ("0 0 * * ?", "Asia/Kathmandu", "2026-01-01T00:00Z", "2026-01-01T18:15Z", "tz: +05:45"),
    ("0 0 3 3 * ?", NEW_YORK, "2012-11-04T00:00-04:00", "2012-12-03T03:00-05:00", "robfig: monthly job"),
    ("0 0 9 10 * ?", SAO_PAULO, "2018-10-17T05:00-04:00", "2018-11-10T06:00-05:00", "robfig #157"),
    ("0 0 9 22 * ?", SAO_PAULO, "2018-02-14T05:00-05:00", "2018-02-22T07:00-05:00", "robfig #157"),

    // Spring forward and fall back in New York: more of it in `cron_zones.rs`.
    ("0 0 * * * ?", NEW_YORK, "2012-03-11T01:00-05:00", "2012-03-11T03:00-04:00", "robfig: hourly job"),
    ("0 0 * * * ?", NEW_YORK, "2012-03-11T03:00-04:00", "2012-03-11T04:00-04:00", "robfig: hourly job"),
    ("0 0 1 * * ?", NEW_YORK, "2012-03-11T00:00-05:00", "2012-03-11T01:00-05:00", "robfig: 1am nightly job"),
    ("0 0 1 * * ?", NEW_YORK, "2012-03-11T01:00-05:00", "2012-03-12T01:00-04:00", "robfig: 1am nightly job"),
    ("0 0 2 * * ?", NEW_YORK, "2012-03-11T00:00-05:00", "2012-03-11T03:00-04:00", "cron(8): a skipped fixed time runs immediately"),
    ("0 30 2 11 Mar ?", NEW_YORK, "2012-03-11T00:00-05:00", "2012-03-11T03:00-04:00", "cron(8): a skipped fixed time runs immediately"),
    ("0 0 * * * ?", NEW_YORK, "2012-11-04T00:00-04:00", "2012-11-04T01:00-04:00", "robfig: hourly job"),
    ("0 0 * * * ?", NEW_YORK, "2012-11-04T01:00-04:00", "2012-11-04T01:00-05:00", "robfig: hourly job"),
    ("0 0 * * * ?", NEW_YORK, "2012-11-04T01:00-05:00", "2012-11-04T02:00-05:00", "robfig: hourly job"),
    ("0 0 1 * * ?", NEW_YORK, "2012-11-04T00:00-04:00", "2012-11-04T01:00-04:00", "robfig: 1am nightly job"),
    ("0 0 1 * * ?", NEW_YORK, "2012-11-04T01:00-04:00", "2012-11-05T01:00-05:00", "cron(8): running a fixed time twice is avoided"),
    ("0 30 1 04 Nov ?", NEW_YORK, "2012-11-04T01:45-04:00", "2013-11-04T01:30-05:00", "cron(8): running a fixed time twice is avoided"),
    ("0 0 2 * * ?", NEW_YORK, "2012-11-04T00:00-04:00", "2012-11-04T02:00-05:00", "robfig: 2am nightly job"),
    ("0 30 2 04 Nov ?", NEW_YORK, "2012-11-04T00:00-04:00", "2012-11-04T02:30-05:00", "robfig: daylight savings"),
    ("0 0 3 * * ?", NEW_YORK, "2012-11-04T03:00-05:00", "2012-11-05T03:00-05:00", "robfig: 3am nightly job"),
];

#[test]
fn every_row_of_the_table_comes_next() {
    let mut wrong = Vec::new();
    for (line, zone, after, expected, source) in ROWS {
        let cron = Cron::parse(line).and_then(|cron| cron.in_zone(zone));
        let cron = cron.unwrap_or_else(|error| panic!("{line}: {error}"));
        let after: Timestamp = after.parse().unwrap();
        let expected: Timestamp = expected.parse().unwrap();
        let next = cron.next_after(SystemTime::try_from(after).unwrap()).map(|next| Timestamp::try_from(next).unwrap());
        if next != Some(expected) {
            wrong.push(format!("{line} in {zone} after {after}: {next:?}, not {expected} ({source})"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ROWS.len() >= 60);
}
