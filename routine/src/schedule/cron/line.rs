//! A line of text, read.

use super::error::{Fault, Kind};
use super::field::{DAY, FIELDS};
use super::nickname;

/// A line of text, read: in croner's words, and what croner does not say of it.
pub(super) struct Line {
    /// Six fields of numbers and marks.
    pub(super) pattern: String,
    /// The words as they were written.
    pub(super) written: String,
    /// A `*` among seconds, minutes or hours, alone or with a step: such a line follows the clock through a change.
    pub(super) follows_clock: bool,
    /// Where the days stand in the text, in bytes.
    pub(super) days_at: usize,
}

/// A word of the text, and where it stands.
type Word<'a> = (usize, &'a str);

impl Line {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let words = words(text);
        let written = words.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
        match words.as_slice() {
            [(at, word), rest @ ..] if word.starts_with('@') => {
                let fields = nickname::fields(word).map_err(|kind| Fault::new(kind, *at))?;
                if let [(at, _), ..] = rest {
                    return Err(Fault::new(Kind::FieldCount(words.len()), *at));
                }
                let line = Self::of_words(&self::words(fields), text).map_err(|fault| fault.after(*at))?;
                Ok(Self { written, days_at: *at, ..line })
            }
            words => Ok(Self { written, ..Self::of_words(words, text)? }),
        }
    }

    fn of_words(words: &[Word<'_>], text: &str) -> Result<Self, Fault> {
        let with_seconds = match words {
            [(at, word), ..] if word.starts_with("TZ=") || word.starts_with("CRON_TZ=") => {
                return Err(Fault::new(Kind::ZonePrefix, *at));
            }
            [_, _, _, _, _] => false,
            [_, _, _, _, _, _] => true,
            [_, _, _, _, _, _, (year, _)] => return Err(Fault::new(Kind::Year, *year)),
            few_or_many => {
                let end = text.trim_end().len();
                let at = few_or_many.get(FIELDS.len()).map_or(end, |(at, _)| *at);
                return Err(Fault::new(Kind::FieldCount(words.len()), at));
            }
        };
        let seconds = (!with_seconds).then_some((0, "0"));
        let mut pattern: Vec<String> = Vec::new();
        let mut follows_clock = false;
        let mut days_at = 0;
        for (index, (field, (at, word))) in FIELDS.iter().zip(seconds.iter().chain(words)).enumerate() {
            pattern.push(field.read(word).map_err(|fault| fault.after(*at))?);
            follows_clock |= index < DAY && word.split(',').any(|item| item.starts_with('*'));
            if index == DAY {
                days_at = *at;
            }
        }
        Ok(Self { pattern: pattern.join(" "), written: String::new(), follows_clock, days_at })
    }
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() {
            words.push((at, word));
        }
        // Every white space but the last is one character of `len_utf8` bytes.
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    words
}
