//! A duration from text such as `1h 30m`.

use syn::{Error, LitStr, Result};

/// Seconds and nanoseconds of a duration: numbers with units, largest first or not, added up. Not zero.
pub(crate) fn parse(text: &LitStr) -> Result<(u64, u32)> {
    let written = text.value();
    let refuse = |why: String| {
        let fix = "write a number and a unit, such as `250ms`, `30s`, `5m`, `1h 30m`";
        Error::new(text.span(), format!("`{written}` is not a duration: {why}; {fix}"))
    };
    let mut rest = written.trim();
    let mut total: u128 = 0;
    if rest.is_empty() {
        return Err(refuse("it is empty".to_owned()));
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        if number.is_empty() {
            return Err(refuse(format!("expected a number before `{}`", tail.trim())));
        }
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let nanoseconds: u128 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" | "min" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "" => return Err(refuse("the unit is missing".to_owned())),
            unknown => return Err(refuse(format!("unknown unit `{unknown}`"))),
        };
        let added = number.parse::<u64>().ok().map(|number| total + u128::from(number) * nanoseconds);
        total = added.ok_or_else(|| refuse("it is too long".to_owned()))?;
        rest = tail.trim_start();
    }
    if total == 0 {
        return Err(refuse("it is zero".to_owned()));
    }
    let seconds = u64::try_from(total / 1_000_000_000).map_err(|_| refuse("it is too long".to_owned()))?;
    #[allow(clippy::cast_possible_truncation)]
    let rest = (total % 1_000_000_000) as u32;
    Ok((seconds, rest))
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::LitStr;

    fn parse(text: &str) -> Result<(u64, u32), String> {
        super::parse(&LitStr::new(text, Span::call_site())).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_with_units_add_up() {
        assert_eq!(parse("250ms"), Ok((0, 250_000_000)));
        assert_eq!(parse("1h 30m"), Ok((5400, 0)));
        assert_eq!(parse("1d2h"), Ok((93_600, 0)));
        assert_eq!(parse(" 5 s "), Ok((5, 0)));
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "it is empty"),
            ("5", "the unit is missing"),
            ("s", "expected a number before `s`"),
            ("5 parsecs", "unknown unit `parsecs`"),
            ("0s", "it is zero"),
            ("99999999999999999999s", "it is too long"),
            ("9999999999999999999d", "it is too long"),
            ("-5s", "expected a number before `-5s`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is not a duration: {why}; ")), "{error}");
        }
    }
}
