//! Why a text is no schedule.

use std::error::Error as StdError;
use std::fmt;

use super::field::Field;
use super::nickname;
use crate::text;

/// Why a text is no schedule: what is wrong, where, and what to write instead.
///
/// It shows the text, made safe for one line of a log.
#[derive(Clone, PartialEq, Eq)]
pub struct CronError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    text: String,
    at: Option<usize>,
}

/// What is wrong, with the words to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    FieldCount(usize),
    Year,
    ZonePrefix,
    Every,
    Reboot,
    Nickname(String),
    /// Nothing, where a value should be.
    Missing(&'static Field),
    /// No value of this field.
    Value(&'static Field, String),
    /// `*` or `?` beside other values.
    NotAlone(char, &'static Field),
    Downwards {
        field: &'static Field,
        range: String,
        from: u16,
        to: u16,
    },
    /// A step without the range that it walks, and how it is written with one.
    StepAlone {
        item: String,
        instead: String,
    },
    /// No step of a range so wide.
    Step {
        step: String,
        most: u16,
    },
    /// No week of a month.
    Week(String),
    /// `L` beside `LW`, which croner would take for one.
    TwoLasts,
    Never,
    /// Refused by croner alone. The grammar here is the narrower one, so nobody should see it.
    Calendar(String),
    Zone,
}

/// What is wrong, and the bytes of the text to blame.
#[derive(Debug)]
pub(super) struct Fault {
    kind: Kind,
    at: usize,
}

impl Fault {
    pub(super) const fn new(kind: Kind, at: usize) -> Self {
        Self { kind, at }
    }

    /// Of a text that holds this one from byte `start` on.
    pub(super) fn after(self, start: usize) -> Self {
        Self { kind: self.kind, at: self.at + start }
    }

    pub(super) fn of(self, text: &str) -> CronError {
        CronError(Box::new(Inner { kind: self.kind, text: text.to_owned(), at: Some(self.at) }))
    }
}

impl CronError {
    /// Of a name that no time zone has.
    pub(super) fn zone(name: &str) -> Self {
        Self(Box::new(Inner { kind: Kind::Zone, text: name.to_owned(), at: None }))
    }

    /// Where in the text the fault begins, in bytes from 0: at a value, at a field, or at the end of a text that is too
    /// short. `None` where the text was right, and the name of its time zone was not.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        self.0.at
    }
}

/// A word of the text, as a message shows it.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", text::cleaned(self.0, text::NAME))
    }
}

/// A range as a line has it, and one value without a `-`.
fn piece(from: u16, to: u16) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount(count) => write!(
                f,
                "a cron line has five fields (minute hour day month weekday), or six with seconds in front, not {count}: \
                 write `*` for a field that does not matter",
            ),
            Self::Year => f.write_str("a cron line has no year: leave the seventh field out"),
            Self::ZonePrefix => f.write_str("a cron line does not name its zone: leave this out, and call `in_zone`"),
            Self::Every => f.write_str("`@every` is no time of a clock: use `schedule::every`"),
            Self::Reboot => f.write_str("`@reboot` is no time of a clock: start the routine where the program starts"),
            Self::Nickname(word) => write!(f, "{} is no nickname: write {}", Shown(word), nickname::ALL),
            Self::Missing(field) => write!(f, "a value is missing: write {}", field.takes),
            Self::Value(field, word) => write!(f, "{} is no {}: write {}", Shown(word), field.name, field.takes),
            Self::NotAlone(mark, field) => {
                write!(f, "`{mark}` is every {}: write it alone, or leave it out of the list", field.name)
            }
            Self::Downwards { field, range, from, to } => write!(
                f,
                "{} goes downwards: write `{},{}`",
                Shown(range),
                piece(*from, field.last),
                piece(field.least, *to),
            ),
            Self::StepAlone { item, instead } => {
                write!(f, "{} has a step and no range: write {}", Shown(item), Shown(instead))
            }
            Self::Step { step, most } if step.is_empty() => {
                write!(f, "a step is missing: write a number from 1 to {most}, or no `/`")
            }
            Self::Step { step, most } => {
                let shown = Shown(step);
                write!(f, "{shown} is no step of this range: write a number from 1 to {most}, or no step")
            }
            Self::Week(word) if word.is_empty() => f.write_str("a week is missing: write a number from 1 to 5"),
            Self::Week(word) => write!(f, "{} is no week of a month: write a number from 1 to 5", Shown(word)),
            Self::TwoLasts => f.write_str("`L` and `LW` cannot stand together: keep one, or make two schedules"),
            Self::Never => f.write_str("no such day ever comes: name a day that one of the months has"),
            Self::Calendar(why) => write!(f, "the calendar does not take this: {}", text::clean(why, text::NAME)),
            Self::Zone => {
                f.write_str("no time zone has this name: write one of the IANA list, such as `Europe/Berlin`")
            }
        }
    }
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, text, at } = &*self.0;
        match at {
            Some(at) => write!(f, "{kind}, at byte {at} of {}", Shown(text)),
            None => write!(f, "{kind}, not {}", Shown(text)),
        }
    }
}

impl fmt::Debug for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, text, at } = &*self.0;
        f.debug_struct("CronError").field("kind", kind).field("text", text).field("position", at).finish()
    }
}

impl StdError for CronError {}
