//! The one record that a failure makes.
//!
//! Everything in it that came from outside is made safe and short before it is recorded; the subscriber sees nothing of the
//! user's error but text. A subscriber that panics is contained. Where there is none, the record goes to stderr.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::panic::Location;
use std::time::Duration;

use tracing::dispatcher;
use tracing::subscriber::NoSubscriber;

use crate::id::RoutineId;
use crate::outcome::Outcome;
use crate::panic::{self, Omitted, Panic};
use crate::policy::Policy;
use crate::text;
use crate::trace::Trace;

/// Causes of an error that are told at most.
const CAUSES: usize = 8;

/// The routine that a record is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) id: Option<RoutineId>,
    pub(crate) parent: Option<RoutineId>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) trace: Trace,
    /// The file and line that started it.
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) policy: Policy,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// What happened to it.
#[derive(Debug)]
pub(crate) enum Cause<'a> {
    Error {
        error: &'a (dyn StdError + 'static),
        type_name: &'static str,
    },
    Panic(&'a Panic),
    TimedOut(Duration),
    Rejected(&'static str),
    /// What it left behind panicked while it was dropped, which did not decide how it ended.
    DropPanic(&'a Panic),
    HookPanic {
        hook: &'static Location<'static>,
        panic: &'a Panic,
    },
}

/// Everything that a record says, as text that is safe.
struct Record<'a> {
    subject: &'a Subject,
    name: String,
    message: Message,
    kind: &'static str,
    what: String,
    outcome: Option<Outcome>,
    stack: Option<Cow<'a, str>>,
}

/// An error that is only text: the user's own has been read once, and is not called again.
#[derive(Debug)]
struct Message {
    text: String,
    cause: Option<Box<Message>>,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Message {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl Message {
    fn plain(text: String) -> Self {
        Self { text, cause: None }
    }

    /// Reads an error and what caused it. Any of their functions may panic, and the chain may have no end.
    fn read(error: &(dyn StdError + 'static)) -> Self {
        let mut texts = vec![text::clean(&error, text::MESSAGE)];
        let mut last = error;
        while texts.len() <= CAUSES {
            let Ok(Some(cause)) = panic::contain(|| last.source()) else { break };
            texts.push(text::clean(&cause, text::FIELD));
            last = cause;
        }
        let mut chain = None;
        while let Some(text) = texts.pop() {
            chain = Some(Box::new(Self { text, cause: chain }));
        }
        chain.map_or_else(|| Self::plain(String::new()), |first| *first)
    }
}

impl<'a> Record<'a> {
    fn new(subject: &'a Subject, cause: &Cause<'a>) -> Self {
        let name = text::clean(&subject.name, text::NAME);
        let panicked = |panic: &Panic| Message::plain(panic.to_string());
        let (message, kind, what, outcome) = match cause {
            Cause::Error { error, type_name } => {
                (Message::read(*error), *type_name, format!("routine `{name}` failed"), Some(Outcome::Failed))
            }
            Cause::Panic(panic) => {
                (panicked(panic), "panic", format!("routine `{name}` panicked"), Some(Outcome::Panicked))
            }
            Cause::TimedOut(after) => (
                Message::plain(format!("it did not end within {after:?}")),
                "timeout",
                format!("routine `{name}` timed out"),
                Some(Outcome::TimedOut),
            ),
            Cause::Rejected(why) => {
                (Message::plain((*why).to_owned()), "rejected", format!("routine `{name}` was refused"), None)
            }
            Cause::DropPanic(panic) => (
                panicked(panic),
                "panic",
                format!("what routine `{name}` left behind panicked while it was dropped"),
                None,
            ),
            Cause::HookPanic { hook, panic } => {
                (panicked(panic), "panic", format!("the hook added at {hook} panicked for routine `{name}`"), None)
            }
        };
        let stack = match cause {
            Cause::Panic(panic) => panic.stack_for_report().map(|stack| match stack {
                Ok(stack) => Cow::Borrowed(stack),
                Err(Omitted) => Cow::Borrowed("omitted: too many panics at once"),
            }),
            _ => None,
        };
        let resumed = matches!(cause, Cause::Panic(panic) if panic.location().is_none());
        let stack = match stack {
            None if resumed && subject.policy == Policy::Recover => Some(Cow::Borrowed("resumed: no stack")),
            stack => stack,
        };
        Self { subject, name, message, kind, what, outcome, stack }
    }

    /// One event, inside whatever span is current.
    fn emit(&self) {
        let Subject { id, parent, trace, file, line, policy, fields, .. } = self.subject;
        let fields: String = fields.iter().fold(String::new(), |mut all, (key, value)| {
            let _ = write!(all, "{}{key}={value}", if all.is_empty() { "" } else { " " });
            all
        });
        tracing::error!(
            target: "routine",
            { routine.id = id.map(RoutineId::get),
            routine.name = self.name,
            routine.parent_id = parent.map(RoutineId::get),
            trace_id = %trace.root(),
            span_id = %trace.segment(),
            routine.trace = %trace,
            routine.policy = policy.as_str(),
            routine.outcome = self.outcome.map(Outcome::as_str),
            routine.fields = (!fields.is_empty()).then_some(fields),
            error = &self.message as &dyn StdError,
            exception.r#type = self.kind,
            exception.message = self.message.text,
            exception.stacktrace = self.stack.as_deref(),
            code.file.path = file,
            code.line.number = line },
            "{}: {}", self.what, self.message.text,
        );
    }

    fn text(&self) -> String {
        let Subject { id, trace, file, line, fields, .. } = self.subject;
        let mut text = format!("{}: {}", self.what, self.message.text);
        let mut cause = self.message.cause.as_deref();
        while let Some(next) = cause {
            let _ = write!(text, ": {}", next.text);
            cause = next.cause.as_deref();
        }
        if let Some(id) = id {
            let _ = write!(text, ", routine.id={id}");
        }
        let _ = write!(text, ", routine.trace={trace}, spawned at {file}:{line}");
        for (key, value) in fields {
            let _ = write!(text, ", {key}={value}");
        }
        if let Some(stack) = &self.stack {
            let _ = write!(text, "\nstack:\n{stack}");
        }
        text
    }
}

/// Makes the record of a failure: an event of level error under the target `routine`, or lines on stderr where no subscriber
/// is installed. Never panics.
pub(crate) fn report(subject: &Subject, cause: &Cause<'_>) {
    panic::swallow(|| {
        let record = Record::new(subject, cause);
        if dispatcher::get_default(dispatcher::Dispatch::is::<NoSubscriber>) {
            // Not `eprintln!`, which panics where stderr is closed.
            let _ = std::io::stderr().write_all(format!("{}\n", record.text()).as_bytes());
        } else {
            record.emit();
        }
    });
}

/// The record as text, for stderr: one line, and the stack on lines of its own.
pub(crate) fn render(subject: &Subject, cause: &Cause<'_>) -> String {
    panic::contain(|| Record::new(subject, cause).text()).unwrap_or_else(|payload| {
        panic::drop_payload(payload);
        String::new()
    })
}
