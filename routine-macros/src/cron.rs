//! Looks over a cron line for plain mistakes.
//!
//! The line is parsed where it is registered; what this does not know (`L`, `#`, `W`, names, `@daily`) it lets through, so
//! that the macro never refuses what the parser takes.

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
}

const SECOND: Field = Field { name: "second", least: 0, most: 59 };
const MINUTE: Field = Field { name: "minute", least: 0, most: 59 };
const HOUR: Field = Field { name: "hour", least: 0, most: 23 };
const DAY: Field = Field { name: "day of a month", least: 1, most: 31 };
const MONTH: Field = Field { name: "month", least: 1, most: 12 };
const WEEKDAY: Field = Field { name: "day of the week", least: 0, most: 7 };

pub(crate) fn check(line: &str) -> Result<(), String> {
    let line = line.trim();
    if line.starts_with('@') {
        return Ok(());
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let fields: &[Field] = match words.len() {
        5 => &[MINUTE, HOUR, DAY, MONTH, WEEKDAY],
        // A seventh field is the year.
        6 | 7 => &[SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY],
        count => {
            let fields = if count == 1 { "field" } else { "fields" };
            return Err(format!(
                "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not {count} {fields}",
            ));
        }
    };
    fields.iter().zip(words).try_for_each(|(field, word)| field.check(word))
}

impl Field {
    fn check(&self, word: &str) -> Result<(), String> {
        for part in word.split(',') {
            let range = part.split_once('/').map_or(part, |(range, _)| range);
            for end in range.split('-').filter(|end| end.bytes().all(|byte| byte.is_ascii_digit())) {
                if !end.is_empty() && !end.parse().is_ok_and(|number| (self.least..=self.most).contains(&number)) {
                    let Self { name, least, most } = self;
                    return Err(format!("`{end}` is no {name}; it goes from {least} to {most}"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn plain_mistakes_are_found() {
        assert_eq!(check("0 61 * * * *").unwrap_err(), "`61` is no minute; it goes from 0 to 59");
        assert_eq!(check("0 24 * * *").unwrap_err(), "`24` is no hour; it goes from 0 to 23");
        assert_eq!(check("0 0 1-32 * *").unwrap_err(), "`32` is no day of a month; it goes from 1 to 31");
        assert!(check("* * *").unwrap_err().ends_with("not 3 fields"));
    }

    #[test]
    fn what_only_the_parser_knows_is_let_through() {
        for line in ["@daily", "0 0 L * *", "0 0 * * MON#2", "*/5 * * * *", "0 0 15W JAN-MAR ?", "0 0 0 1 1 * 2030"] {
            assert_eq!(check(line), Ok(()), "{line}");
        }
    }
}
