//! What a record says, read from the failure once and made safe.
//!
//! A subscriber sees nothing of the user's error but text: it may be asked for any number of times, and from any code.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};

use crate::id::RoutineId;
use crate::outcome::Outcome;
use crate::panic::{self, Omitted, Panic};
use crate::policy::Policy;
use crate::text;

use super::{Again, Cause, Subject};

/// Causes of an error that are told at most.
const CAUSES: usize = 8;

/// Everything that a record says.
pub(super) struct Record<'a> {
    subject: &'a Subject,
    name: String,
    /// What happened, without why.
    headline: String,
    error: Told,
    /// Whether `error` is the user's own, and not made here.
    own: bool,
    /// `exception.type`.
    kind: Cow<'static, str>,
    outcome: Option<Outcome>,
    stack: Option<&'a str>,
    again: Option<Again>,
}

/// An event with the fields that every record has, in one order, and then with more.
macro_rules! event {
    ($level:ident, $record:expr, $($more:tt)*) => {{
        let Subject { id, parent, trace, file, line, policy, .. } = $record.subject;
        // Shown rather than recorded as strings, which the usual formatter would quote and escape a second time.
        tracing::$level!(
            target: "routine",
            {
                routine.id = id.map(RoutineId::get),
                routine.name = %$record.name,
                routine.parent_id = parent.map(RoutineId::get),
                trace_id = %trace.root(),
                span_id = %trace.segment(),
                routine.trace = %trace,
                routine.policy = %policy,
                routine.outcome = $record.outcome.map(tracing::field::display),
                routine.fields = $record.subject.fields().map(tracing::field::display),
                code.file.path = %file,
                code.line.number = line,
                error = $record.own.then_some(&$record.error as &dyn StdError),
                "exception.type" = %$record.kind,
                exception.message = %$record.error,
                exception.stacktrace = $record.stack.map(tracing::field::display)
                $($more)*
            },
            "{}: {}",
            $record.headline,
            $record.error,
        )
    }};
}

impl<'a> Record<'a> {
    pub(super) fn new(subject: &'a Subject, cause: &Cause<'a>, again: Option<Again>) -> Self {
        let name = text::clean(&subject.name, text::NAME);
        let who = again.map_or_else(|| format!("routine `{name}`"), |again| again.of(&name));
        let panicked = |panic: &Panic| match panic.location() {
            Some(location) => format!("panicked at {location}"),
            None => "panicked".to_owned(),
        };
        let (headline, error, outcome) = match cause {
            Cause::Error { error, .. } => (format!("{who} failed"), Told::read(*error), Some(Outcome::Failed)),
            Cause::Panic(panic) => {
                (format!("{who} {}", panicked(panic)), Told::plain(panic.message()), Some(Outcome::Panicked))
            }
            Cause::TimedOut(after) => {
                let text = match after {
                    Some(after) => format!("did not end within {after:?}"),
                    None => "did not end before the deadline of its group".to_owned(),
                };
                (format!("{who} timed out"), Told::plain(&text), Some(Outcome::TimedOut))
            }
            Cause::Rejected(why) => (format!("{who} was refused"), Told::plain(why), None),
            Cause::Ended(outcome) => {
                (format!("{who} ended"), Told::plain(&format!("it {}", ended(*outcome))), Some(*outcome))
            }
            Cause::DropPanic(panic) => {
                let headline = format!("what routine `{name}` left behind {} while it was dropped", panicked(panic));
                (headline, Told::plain(panic.message()), None)
            }
            Cause::HookPanic { hook, panic } => {
                let headline = format!("the hook added at {hook} {} for routine `{name}`", panicked(panic));
                (headline, Told::plain(panic.message()), None)
            }
        };
        let headline = match again {
            Some(again) => format!("{headline}{again}"),
            None => headline,
        };
        let own = matches!(cause, Cause::Error { .. });
        // An attempt is told to those who look closely: not worth the look-up of a stack, of which there are only so many.
        let stack = if matches!(again, Some(Again::Attempt { .. })) { None } else { stack(subject, cause) };
        Self { subject, name, headline, error, own, kind: kind(cause), outcome, stack, again }
    }

    /// One event, inside whatever span is current.
    pub(super) fn emit(&self) {
        match self.again {
            None => event!(error, self,),
            Some(Again::Attempt { number, next, .. }) => event!(
                debug,
                self,
                , routine.attempt = number, routine.next = next.map(tracing::field::debug)
            ),
            Some(Again::Stop) => event!(warn, self,),
            Some(Again::Restart { number, next }) => event!(
                warn,
                self,
                , routine.restart = number, routine.next = next.map(tracing::field::debug)
            ),
        }
    }

    pub(super) fn text(&self) -> String {
        let Subject { id, parent, trace, file, line, .. } = self.subject;
        let mut text = format!("{}: {}", self.headline, self.error);
        let mut cause = self.error.cause.as_deref();
        while let Some(told) = cause {
            let _ = write!(text, ": {told}");
            cause = told.cause.as_deref();
        }
        if let Some(id) = id {
            let _ = write!(text, ", routine.id={id}");
        }
        if let Some(parent) = parent {
            let _ = write!(text, " routine.parent_id={parent}");
        }
        let _ = write!(text, ", routine.trace={trace}, started at {file}:{line}");
        if let Some(fields) = self.subject.fields() {
            let _ = write!(text, ", {fields}");
        }
        if let Some(stack) = self.stack {
            let _ = write!(text, "\n{stack}");
        }
        text
    }

    /// A record for where nothing of the user's may be read any more.
    pub(super) fn brief(subject: &Subject) -> String {
        let Subject { name, trace, file, line, .. } = subject;
        let name = text::clean(name, text::NAME);
        format!(
            "routine `{name}` failed while another failure was being told, routine.trace={trace}, started at {file}:{line}"
        )
    }
}

/// `exception.type`. A boxed error does not know its type.
fn kind(cause: &Cause<'_>) -> Cow<'static, str> {
    match cause {
        Cause::Error { type_name, .. } if type_name.starts_with("alloc::boxed::Box<dyn ") => Cow::Borrowed("dyn Error"),
        Cause::Error { type_name, .. } => Cow::Owned(text::clean(type_name, text::NAME)),
        Cause::Panic(_) | Cause::DropPanic(_) | Cause::HookPanic { .. } => Cow::Borrowed("panic"),
        Cause::TimedOut(_) => Cow::Borrowed("timeout"),
        Cause::Rejected(_) => Cow::Borrowed("rejected"),
        Cause::Ended(outcome) => Cow::Borrowed(outcome.as_str()),
    }
}

/// How a routine ended that was to run on.
const fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Cancelled => "was cancelled",
        _ => "returned, and was to run on",
    }
}

fn stack<'a>(subject: &Subject, cause: &Cause<'a>) -> Option<&'a str> {
    let (Cause::Panic(panic) | Cause::DropPanic(panic) | Cause::HookPanic { panic, .. }) = cause else {
        return None;
    };
    match panic.stack_for_report() {
        Some(Ok(stack)) => Some(stack),
        Some(Err(Omitted)) => Some("omitted: too many panics at once"),
        None => (subject.policy == Policy::Recover).then_some("resumed: no stack"),
    }
}

/// An error that is only text.
#[derive(Debug)]
struct Told {
    text: String,
    cause: Option<Box<Told>>,
}

impl Told {
    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), cause: None }
    }

    /// Reads an error and what caused it. Any of their functions may panic, and the chain may have no end.
    fn read(error: &(dyn StdError + 'static)) -> Self {
        let mut causes = Vec::new();
        let mut last = error;
        while causes.len() < CAUSES {
            let Ok(Some(cause)) = panic::contain(|| last.source()).map_err(panic::drop_payload) else { break };
            causes.push(cause);
            last = cause;
        }
        let told = |cause, text| Some(Box::new(Self { text, cause }));
        let cause = causes.iter().rev().fold(None, |chain, cause| told(chain, text::clean(cause, text::FIELD)));
        Self { text: text::clean(&error, text::MESSAGE), cause }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Told {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}
