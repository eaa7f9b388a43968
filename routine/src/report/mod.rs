//! The one record that a failure makes.
//!
//! It is made on the thread where the failure happened, inside the routine's span. A subscriber that panics is contained,
//! and where there is none the record goes to stderr, so that no failure is ever silent. A record that another one's making
//! leads to, such as that of a routine that an error's `Display` runs, is made too, but no third inside that.
//!
//! A failure that is followed by another try is told less loudly, see [`Again`].

mod again;
mod record;
mod subject;

use std::cell::Cell;
use std::error::Error as StdError;
use std::io::Write as _;
use std::panic::Location;
use std::time::Duration;

use tracing::dispatcher::{self, Dispatch};
use tracing::subscriber::NoSubscriber;

use crate::outcome::Outcome;
use crate::panic::{self, Panic};

pub(crate) use again::Again;
use record::Record;
pub(crate) use subject::{Subject, describe, fields, subject};

/// What happened to it.
#[derive(Debug)]
pub(crate) enum Cause<'a> {
    Error {
        error: &'a (dyn StdError + 'static),
        type_name: &'static str,
    },
    Panic(&'a Panic),
    TimedOut(Option<Duration>),
    Rejected(&'static str),
    /// It ended without a failure, where it was to run on.
    Ended(Outcome),
    /// What it left behind panicked while it was dropped, which did not decide how it ended.
    DropPanic(&'a Panic),
    HookPanic {
        hook: &'static Location<'static>,
        panic: &'a Panic,
    },
}

/// Makes the record of a failure: an event of level error under the target `routine`, or lines on stderr where no subscriber
/// is installed. Never panics.
pub(crate) fn report(subject: &Subject, cause: &Cause<'_>) {
    tell(subject, cause, None);
}

/// Makes the record of a failure that is followed by another try: under the same target, less loud. Never panics.
pub(crate) fn report_again(subject: &Subject, cause: &Cause<'_>, again: Again) {
    if again.is_wanted() {
        tell(subject, cause, Some(again));
    }
}

fn tell(subject: &Subject, cause: &Cause<'_>, again: Option<Again>) {
    let Some(_nested) = Nested::enter() else {
        to_stderr(&Record::brief(subject));
        return;
    };
    let Ok(record) = panic::contain(|| Record::new(subject, cause, again)).map_err(panic::drop_payload) else {
        to_stderr(&Record::brief(subject));
        return;
    };
    // The event is made in either case: without a subscriber it may still reach the `log` crate, if the application asked
    // tracing for that.
    let panicked = panic::swallow(|| record.emit());
    if matches!(again, Some(Again::Attempt { .. })) {
        return;
    }
    if panicked || dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
        to_stderr(&record.text());
    }
}

/// The record as text, for stderr: one line, and the stack on lines of its own. Never panics.
pub(crate) fn render(subject: &Subject, cause: &Cause<'_>) -> String {
    let rendered = Nested::enter().map(|_nested| panic::contain(|| Record::new(subject, cause, None).text()));
    match rendered {
        Some(Ok(text)) => text,
        Some(Err(payload)) => {
            panic::drop_payload(payload);
            Record::brief(subject)
        }
        None => Record::brief(subject),
    }
}

/// Writes a record to stderr, at once, so that lines of several threads do not mix.
///
/// Not with `eprintln!`, which panics where stderr is closed; and which a test harness captures.
pub(crate) fn to_stderr(record: &str) {
    let _ = std::io::stderr().write_all(format!("{record}\n").as_bytes());
}

/// Records that may be in the making at once on one thread.
const NESTED: u8 = 2;

thread_local! {
    static MAKING: Cell<u8> = const { Cell::new(0) };
}

/// One record in the making.
struct Nested;

impl Nested {
    fn enter() -> Option<Self> {
        let making = MAKING.get();
        (making < NESTED).then(|| {
            MAKING.set(making + 1);
            Self
        })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        MAKING.set(MAKING.get() - 1);
    }
}

#[cfg(test)]
mod tests;
