//! Reads a duration such as `1h 30m`.

use std::time::Duration;

const EXAMPLES: &str = "write a number and a unit, such as `250ms`, `30s`, `5m`, `1h 30m`";

const DAY: u64 = 24 * 60 * 60;

pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let refuse = |why: String| Err(format!("`{text}` is not a duration: {why}; {EXAMPLES}"));
    let mut rest = text.trim();
    if rest.is_empty() {
        return refuse("it is empty".to_owned());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (digits, after) = split(rest, |c| c.is_ascii_digit());
        if digits.is_empty() {
            let (word, _) = split(rest, |c| !c.is_whitespace() && !c.is_ascii_digit());
            return refuse(format!("`{word}` has no number"));
        }
        let (unit, after) = split(after.trim_start(), |c| !c.is_whitespace() && !c.is_ascii_digit());
        if unit.is_empty() {
            return refuse(format!("`{digits}` has no unit"));
        }
        if unit.starts_with('.') {
            return refuse("its numbers are whole: instead of `1.5s` write `1s 500ms`".to_owned());
        }
        let Ok(number) = digits.parse::<u64>() else {
            return refuse(format!("`{digits}` is too large"));
        };
        let Some(unit) = length(unit) else {
            return refuse(format!("unknown unit `{unit}`"));
        };
        let part = match unit {
            Unit::Seconds(seconds) => number.checked_mul(seconds).map(Duration::from_secs),
            Unit::Nanos(nanos) => number.checked_mul(nanos).map(Duration::from_nanos),
        };
        let Some(sum) = part.and_then(|part| total.checked_add(part)) else {
            return refuse("it is too long".to_owned());
        };
        total = sum;
        rest = after.trim_start();
    }
    if total.is_zero() {
        return Err(format!("a duration of zero leaves no time at all; {EXAMPLES}"));
    }
    Ok(total)
}

enum Unit {
    Seconds(u64),
    Nanos(u64),
}

fn length(unit: &str) -> Option<Unit> {
    Some(match unit {
        "ns" => Unit::Nanos(1),
        "us" | "µs" | "μs" => Unit::Nanos(1_000),
        "ms" => Unit::Nanos(1_000_000),
        "s" => Unit::Seconds(1),
        "m" => Unit::Seconds(60),
        "h" => Unit::Seconds(60 * 60),
        "d" => Unit::Seconds(DAY),
        _ => return None,
    })
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse(" 2 d "), Ok(Duration::from_secs(172_800)));
        assert_eq!(parse("5µs"), Ok(Duration::from_micros(5)));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_its_reason() {
        for (text, reason) in [
            ("5 parsecs", "unknown unit `parsecs`"),
            ("5", "`5` has no unit"),
            ("s", "`s` has no number"),
            ("", "it is empty"),
            ("1.5s", "instead of `1.5s` write"),
            ("99999999999999999999s", "is too large"),
            ("18446744073709551615d", "it is too long"),
            ("0s", "a duration of zero"),
            ("-5s", "`-` has no number"),
            ("5s, 3m", "unknown unit `s,`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }
}
