//! One field of a line: what it takes, and how that is told to croner.
//!
//! croner's own grammar is wider than anybody means: names are replaced in every field and inside words (`JANFEB` is the
//! 12th month, `MON` the first minute), an empty place in a list is passed over, a step beyond its range is one value, and
//! `L` alone in the weekdays is no day at all. Nor does it say where a fault is. So a line is read here, and croner gets
//! numbers.

use super::error::{Fault, Kind};

/// What a field takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// One of its values, as a message calls it.
    pub(super) name: &'static str,
    /// All that may stand in it, as a message says it.
    pub(super) takes: &'static str,
    pub(super) least: u16,
    /// The last of its values: of the weekdays Saturday.
    pub(super) last: u16,
    /// The highest number that may be written: of the weekdays 7, a second Sunday.
    most: u16,
    /// The names of its values, from `least` on.
    names: &'static [&'static str],
    marks: Marks,
}

/// What may stand in a field beside values and ranges.
#[derive(Debug, PartialEq, Eq)]
enum Marks {
    None,
    /// `?`, `L`, `LW`, `15W`.
    Days,
    /// `?`, `FRIL`, `FRI#2`, and a `+` in front of the field.
    Weekdays,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const fn numbers(name: &'static str, takes: &'static str, last: u16) -> Field {
    Field { name, takes, least: 0, last, most: last, names: &[], marks: Marks::None }
}

/// The fields in the order of a line with seconds.
pub(super) static FIELDS: [Field; 6] = [
    numbers("second", "a number from 0 to 59", 59),
    numbers("minute", "a number from 0 to 59", 59),
    numbers("hour", "a number from 0 to 23", 23),
    Field {
        name: "day of a month",
        takes: "a number from 1 to 31, `L`, `LW` or `15W`",
        least: 1,
        last: 31,
        most: 31,
        names: &[],
        marks: Marks::Days,
    },
    Field {
        name: "month",
        takes: "a number from 1 to 12, or JAN to DEC",
        least: 1,
        last: 12,
        most: 12,
        names: &MONTHS,
        marks: Marks::None,
    },
    Field {
        name: "day of the week",
        takes: "a number from 0 to 7, SUN to SAT, `FRIL` or `FRI#2`",
        least: 0,
        last: 6,
        most: 7,
        names: &WEEKDAYS,
        marks: Marks::Weekdays,
    },
];

/// Where the days of the month stand among [`FIELDS`].
pub(super) const DAY: usize = 3;

impl Field {
    /// The field as croner takes it. A fault's position counts from the beginning of `word`.
    pub(super) fn read(&'static self, word: &str) -> Result<String, Fault> {
        if self.marks == Marks::Weekdays {
            if let Some(rest) = word.strip_prefix('+') {
                let read = self.list(rest).map_err(|fault| fault.after("+".len()))?;
                return Ok(format!("+{read}"));
            }
        }
        self.list(word)
    }

    fn list(&'static self, word: &str) -> Result<String, Fault> {
        if word == "*" || (word == "?" && self.marks != Marks::None) {
            return Ok("*".to_owned());
        }
        let mut read: Vec<String> = Vec::new();
        let (mut last_day, mut last_weekday) = (false, false);
        let mut at = 0;
        for item in word.split(',') {
            read.push(self.item(item).map_err(|fault| fault.after(at))?);
            last_day |= item.eq_ignore_ascii_case("L");
            last_weekday |= item.eq_ignore_ascii_case("LW");
            // croner keeps a mark for the last day and one for the nearest weekday, and the two together are `LW`.
            if last_day && last_weekday {
                return Err(Fault::new(Kind::TwoLasts, at));
            }
            at += item.len() + ",".len();
        }
        Ok(read.join(","))
    }

    fn item(&'static self, item: &str) -> Result<String, Fault> {
        if let Some((range, step)) = item.split_once('/') {
            return self.stepped(item, range, step);
        }
        if let Some(marked) = self.marked(item) {
            return marked;
        }
        match item.split_once('-') {
            Some((from, to)) => {
                let (from, to) = self.range(item, from, to)?;
                Ok(format!("{from}-{to}"))
            }
            None => Ok(self.value(item, 0)?.to_string()),
        }
    }

    fn stepped(&'static self, item: &str, range: &str, step: &str) -> Result<String, Fault> {
        let (text, reach, instead) = match range.split_once('-') {
            Some((from, to)) => {
                let (from, to) = self.range(range, from, to)?;
                (format!("{from}-{to}"), to - from, (from == to).then(|| from.to_string()))
            }
            None if range == "*" => ("*".to_owned(), self.last - self.least, None),
            None if range.is_empty() => (String::new(), self.last - self.least, Some(format!("*{item}"))),
            // Some take `5/15` for `5-59/15`, some for `5`.
            None => {
                let from = self.value(range, 0)?;
                let reach = self.last.saturating_sub(from);
                let to_last = format!("{from}-{}/{step}", self.last);
                (String::new(), reach, Some(if reach == 0 { from.to_string() } else { to_last }))
            }
        };
        let reaches = number(step).is_some_and(|by| (1..=reach).contains(&by));
        if let Some(instead) = instead.filter(|_| reaches || reach == 0) {
            let item = item.to_owned();
            return Err(Fault::new(Kind::StepAlone { item, instead }, 0));
        }
        // A step that goes beyond the range, such as the `*/90` of somebody who wants a run every 90 minutes, reaches one
        // value. That is never meant.
        if !reaches {
            return Err(Fault::new(Kind::Step { step: step.to_owned(), most: reach }, range.len() + "/".len()));
        }
        Ok(format!("{text}/{step}"))
    }

    /// What only this field takes; `None` for all else.
    fn marked(&'static self, item: &str) -> Option<Result<String, Fault>> {
        let upper = item.to_ascii_uppercase();
        match self.marks {
            Marks::None => None,
            Marks::Days if upper == "L" || upper == "LW" => Some(Ok(upper)),
            Marks::Days => {
                let day = number(upper.strip_suffix('W')?)?;
                self.contains(day).then(|| Ok(format!("{day}W")))
            }
            Marks::Weekdays => match item.split_once('#') {
                Some((day, week)) => Some(self.value(day, 0).and_then(|day| match number(week) {
                    _ if week.eq_ignore_ascii_case("L") => Ok(format!("{}#L", day % 7)),
                    Some(week @ 1..=5) => Ok(format!("{}#{week}", day % 7)),
                    _ => Err(Fault::new(Kind::Week(week.to_owned()), item.len() - week.len())),
                })),
                None => {
                    let day = self.known(upper.strip_suffix('L')?)?;
                    Some(Ok(format!("{}#L", day % 7)))
                }
            },
        }
    }

    /// The ends of a range. `item` begins the text that positions count from.
    fn range(&'static self, item: &str, from: &str, to: &str) -> Result<(u16, u16), Fault> {
        let (first, last) = (self.value(from, 0)?, self.value(to, from.len() + "-".len())?);
        match (first, last) {
            // Sunday ends a week that is written from Monday on, and begins one that is written from Sunday on.
            (1.., 0) if self.marks == Marks::Weekdays => Ok((first, self.most)),
            (_, to) if first > self.last && to < first => Ok((self.least, to)),
            (from, to) if from > to => {
                let range = item.to_owned();
                Err(Fault::new(Kind::Downwards { field: self, range, from, to }, 0))
            }
            range => Ok(range),
        }
    }

    fn value(&'static self, word: &str, at: usize) -> Result<u16, Fault> {
        let fault = match word {
            "" => Kind::Missing(self),
            "*" => Kind::NotAlone('*', self),
            "?" if self.marks != Marks::None => Kind::NotAlone('?', self),
            _ => match self.known(word) {
                Some(value) => return Ok(value),
                None => Kind::Value(self, word.to_owned()),
            },
        };
        Err(Fault::new(fault, at))
    }

    fn known(&self, word: &str) -> Option<u16> {
        if let Some(number) = number(word) {
            return self.contains(number).then_some(number);
        }
        (self.least..).zip(self.names).find(|(_, name)| name.eq_ignore_ascii_case(word)).map(|(value, _)| value)
    }

    fn contains(&self, number: u16) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

/// A number of digits alone: `parse` would take a sign.
fn number(word: &str) -> Option<u16> {
    if word.bytes().all(|byte| byte.is_ascii_digit()) { word.parse().ok() } else { None }
}
