//! A text that is no cron line is refused, with the place and the fix.

use routine::schedule::{Cron, CronError};

fn refused(line: &str) -> CronError {
    match Cron::parse(line) {
        Ok(cron) => panic!("`{line}` was taken: {cron:?}"),
        Err(error) => error,
    }
}

/// A line, where it is wrong, and how the message begins.
#[rustfmt::skip]
const ROWS: &[(&str, usize, &str)] = &[
    // The number of fields. A line that is too short is wrong at its end.
    ("", 0, "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not 0"),
    ("   ", 0, "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not 0"),
    ("* * * *", 7, "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not 4"),
    ("* * * * ", 7, "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not 4"),
    ("0 0 0 1 1 * 2030", 12, "a cron line has no year: leave the seventh field out"),
    ("* * * * * * * *", 12, "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not 8"),
    // Values.
    ("xyz", 3, "a cron line has five fields"),
    ("60 0 * * *", 0, "`60` is no minute: write a number from 0 to 59"),
    ("0 60 * * *", 2, "`60` is no hour: write a number from 0 to 23"),
    ("0 24 * * *", 2, "`24` is no hour: write a number from 0 to 23"),
    ("0 61 * * * *", 2, "`61` is no minute: write a number from 0 to 59"),
    ("60 * * * * *", 0, "`60` is no second: write a number from 0 to 59"),
    ("0 0 0 * *", 4, "`0` is no day of a month: write a number from 1 to 31, `L`, `LW` or `15W`"),
    ("0 0 32 * *", 4, "`32` is no day of a month"),
    ("0 0 1 0 *", 6, "`0` is no month: write a number from 1 to 12, or JAN to DEC"),
    ("0 0 1 13 *", 6, "`13` is no month"),
    ("0 0 * * 8", 8, "`8` is no day of the week: write a number from 0 to 7, SUN to SAT, `FRIL` or `FRI#2`"),
    ("0 0 * * XYZ", 8, "`XYZ` is no day of the week"),
    ("  0\t61 * * *", 4, "`61` is no hour"),
    ("99999999999999999999 * * * *", 0, "`99999999999999999999` is no minute"),
    ("-1 * * * *", 0, "a value is missing: write a number from 0 to 59"),
    ("+1 * * * *", 0, "`+1` is no minute"),
    ("1.5 * * * *", 0, "`1.5` is no minute"),
    ("٣ * * * *", 0, "`٣` is no minute"),
    ("* ü * * *", 2, "`ü` is no hour"),
    ("é * * * 9", 0, "`é` is no minute"),
    // Names stand in their own field, in three letters. croner takes the first three.
    ("MON * * * *", 0, "`MON` is no minute"),
    ("0 0 JAN * *", 4, "`JAN` is no day of a month"),
    ("0 0 1 JANFEB *", 6, "`JANFEB` is no month"),
    ("0 0 * * SUNMON", 8, "`SUNMON` is no day of the week"),
    ("0 0 * * MONDAY", 8, "`MONDAY` is no day of the week"),
    ("0 0 * JANUARY *", 6, "`JANUARY` is no month"),
    // Lists. croner passes over an empty place.
    ("1,,2 * * * *", 2, "a value is missing: write a number from 0 to 59"),
    ("1, * * * *", 2, "a value is missing"),
    (", * * * *", 0, "a value is missing"),
    ("1,2,99 * * * *", 4, "`99` is no minute"),
    ("0 0 * * MON,,TUE", 12, "a value is missing: write a number from 0 to 7"),
    ("5,* * * * *", 2, "`*` is every minute: write it alone, or leave it out of the list"),
    ("0 0 ?,5 * *", 4, "`?` is every day of a month: write it alone"),
    ("** * * * *", 0, "`**` is no minute"),
    // Ranges.
    ("5- * * * *", 2, "a value is missing"),
    ("5-6-7 * * * *", 2, "`6-7` is no minute"),
    ("5--5 * * * *", 2, "`-5` is no minute"),
    ("5-99 * * * *", 2, "`99` is no minute"),
    ("*-5 * * * *", 0, "`*` is every minute"),
    ("0 22-2 * * *", 2, "`22-2` goes downwards: write `22-23,0-2`"),
    ("0 0 25-5 * *", 4, "`25-5` goes downwards: write `25-31,1-5`"),
    ("0 0 1 NOV-FEB *", 6, "`NOV-FEB` goes downwards: write `11-12,1-2`"),
    ("0 0 * * FRI-MON", 8, "`FRI-MON` goes downwards: write `5-6,0-1`"),
    ("0 0 * * SAT-MON", 8, "`SAT-MON` goes downwards: write `6,0-1`"),
    ("0 0 1 * jan-x", 8, "`jan` is no day of the week"),
    // Steps.
    ("*/0 * * * *", 2, "`0` is no step of this range: write a number from 1 to 59, or no step"),
    ("*/ * * * *", 2, "a step is missing: write a number from 1 to 59, or no `/`"),
    ("*/-12 * * * *", 2, "`-12` is no step of this range"),
    ("*//2 * * * *", 2, "`/2` is no step of this range"),
    ("*/x * * * *", 2, "`x` is no step of this range"),
    ("*/90 * * * *", 2, "`90` is no step of this range: write a number from 1 to 59"),
    ("*/60 * * * *", 2, "`60` is no step of this range"),
    ("0 */24 * * *", 4, "`24` is no step of this range: write a number from 1 to 23"),
    ("0 9-17/9 * * *", 7, "`9` is no step of this range: write a number from 1 to 8"),
    ("1,*/99 * * * *", 4, "`99` is no step of this range"),
    ("0/15 * * * *", 0, "`0/15` has a step and no range: write `0-59/15`"),
    ("3,5/15 * * * *", 2, "`5/15` has a step and no range: write `5-59/15`"),
    ("/15 * * * *", 0, "`/15` has a step and no range: write `*/15`"),
    ("5-5/2 * * * *", 0, "`5-5/2` has a step and no range: write `5`"),
    ("0 0 * * 6/2", 8, "`6/2` has a step and no range: write `6`"),
    ("15/0 * * * *", 3, "`0` is no step of this range"),
    ("0 0 ?/2 * *", 4, "`?` is every day of a month"),
    // Marks stand in their own field, and with one value.
    ("? * * * *", 0, "`?` is no minute"),
    ("L * * * *", 0, "`L` is no minute"),
    ("0 5L * * *", 2, "`5L` is no hour"),
    ("0 0 5# * *", 4, "`5#` is no day of a month"),
    ("0 0 32W * *", 4, "`32W` is no day of a month"),
    ("0 0 W * *", 4, "`W` is no day of a month"),
    ("0 0 L-3 * *", 4, "`L` is no day of a month"),
    ("0 0 1-5W * *", 6, "`5W` is no day of a month"),
    ("0 0 L,LW * *", 6, "`L` and `LW` cannot stand together"),
    ("0 0 lw,1,l * *", 9, "`L` and `LW` cannot stand together"),
    ("0 0 * * L", 8, "`L` is no day of the week"),
    ("0 0 * * 8L", 8, "`8L` is no day of the week"),
    ("0 0 * * FRI#6", 12, "`6` is no week of a month: write a number from 1 to 5"),
    ("0 0 * * FRI#0", 12, "`0` is no week of a month"),
    ("0 0 * * FRI#", 12, "a week is missing: write a number from 1 to 5"),
    ("0 0 * * #2", 8, "a value is missing"),
    ("0 0 * * MON-FRI#2", 8, "`MON-FRI` is no day of the week"),
    ("0 0 * * +XYZ", 9, "`XYZ` is no day of the week"),
    ("0 0 * * ++1", 9, "`+1` is no day of the week"),
    ("0 0 * * +", 9, "a value is missing"),
    ("0 0 +1 * 1", 4, "`+1` is no day of a month"),
    // Nicknames.
    ("@dayly", 0, "`@dayly` is no nickname: write `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` or `@hourly`"),
    (" @", 1, "`@` is no nickname"),
    ("@daily 5", 7, "a cron line has five fields"),
    ("@every 5m", 0, "`@every` is no time of a clock: use `schedule::every`"),
    ("@reboot", 0, "`@reboot` is no time of a clock: start the routine where the program starts"),
    ("0 0 * * @daily", 8, "`@daily` is no day of the week"),
    ("TZ=America/New_York 0 3 * * *", 0, "a cron line does not name its zone: leave this out, and call `in_zone`"),
    ("CRON_TZ=Asia/Tokyo 0 3 * * *", 0, "a cron line does not name its zone"),
    // What never comes.
    ("0 0 31 2 *", 4, "no such day ever comes: name a day that one of the months has"),
    ("0 0 30 2 *", 4, "no such day ever comes"),
    ("0 0 0 30 Feb ?", 6, "no such day ever comes"),
    ("0 0 0 31 Apr ?", 6, "no such day ever comes"),
    ("0 0 31 2,4,6,9,11 *", 4, "no such day ever comes"),
    ("0 0 31W 6 *", 4, "no such day ever comes"),
    ("0 0 31 2 +MON", 4, "no such day ever comes"),
    ("0 0 31 * +MON#1", 4, "no such day ever comes"),
];

#[test]
fn every_mistake_is_refused_where_it_stands_and_told_how_to_mend() {
    let mut wrong = Vec::new();
    for (line, at, begins) in ROWS {
        let error = refused(line);
        let message = error.to_string();
        if error.position() != Some(*at) || !message.starts_with(begins) {
            wrong.push(format!("`{line}`: at {:?}, not {at}: {message}", error.position()));
        }
        assert!(line.get(..*at).is_some(), "{line}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_message_tells_to_write_is_taken() {
    for line in ["0 22-23,0-2 * * *", "0 0 25-31,1-5 * *", "0 0 1 11-12,1-2 *", "0 0 * * 6,0-1", "5-59/15 * * * *"] {
        Cron::parse(line).unwrap();
    }
}

#[test]
fn a_message_is_one_line_that_shows_the_place_and_the_text() {
    assert_eq!(
        refused("0 24 * * *").to_string(),
        "`24` is no hour: write a number from 0 to 23, at byte 2 of `0 24 * * *`",
    );
    for row in ROWS {
        let message = refused(row.0).to_string();
        assert!(message.starts_with(|first: char| !first.is_uppercase() || message.starts_with('`')), "{message}");
        assert!(!message.ends_with('.'), "{message}");
    }
}

#[test]
fn a_message_of_a_hostile_text_stays_on_its_line_and_short() {
    let message = refused("0 \u{1b}[31m\u{0}x * * *").to_string();
    assert!(!message.chars().any(char::is_control), "{message:?}");
    let message = refused(&format!("{} * * * *", "9".repeat(100_000))).to_string();
    assert!(message.len() < 2000, "{}", message.len());
}

#[test]
fn a_zone_that_nobody_knows_is_refused() {
    for name in ["Europe/Berln", "", "CEST", "../../../etc/passwd", "+02:00", "Etc/Unknown"] {
        let error = Cron::parse("@daily").unwrap().in_zone(name).unwrap_err();
        assert_eq!(error.position(), None);
        let message = error.to_string();
        assert!(message.starts_with("no time zone has this name: write one of the IANA list"), "{message}");
        assert!(message.ends_with(&format!("not `{name}`")), "{message}");
    }
}

#[test]
fn zones_are_known_by_their_old_names_and_in_any_case() {
    for name in ["Europe/Berlin", "europe/berlin", "US/Eastern", "UTC", "Etc/GMT+5", "Asia/Calcutta"] {
        let _known = Cron::parse("@daily").unwrap().in_zone(name).unwrap();
    }
}
