//! Why a routine gave no value.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::id::RoutineId;
use crate::outcome::{Failed, Outcome};
use crate::panic::Panic;
use crate::report::{self, Cause, Subject};
use crate::trace::Trace;

/// Why a routine gave no value: its error, its panic, or its end before either.
///
/// One pointer wide. Cloned from nothing: the routine's own error is inside, see [`Error::downcast_ref`] and
/// [`source`](StdError::source).
pub struct Error(Box<Inner>);

struct Inner {
    subject: Subject,
    kind: Kind,
    /// Nobody has reported it or taken it yet, so its drop must.
    unreported: bool,
}

enum Kind {
    Failed(Failed),
    Panicked(Panic),
    Cancelled,
    TimedOut(Duration),
    Rejected(Refusal),
}

/// Why a routine was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    NoRuntime,
}

impl Refusal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoRuntime => "no tokio runtime here: start it inside one, or name one with `Builder::spawn_on`",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    fn new(subject: Subject, kind: Kind) -> Self {
        Self(Box::new(Inner { subject, kind, unreported: false }))
    }

    pub(crate) fn failed(subject: Subject, failed: Failed) -> Self {
        Self::new(subject, Kind::Failed(failed))
    }

    pub(crate) fn panicked(subject: Subject, panic: Panic) -> Self {
        Self::new(subject, Kind::Panicked(panic))
    }

    pub(crate) fn timed_out(subject: Subject, after: Duration) -> Self {
        Self::new(subject, Kind::TimedOut(after))
    }

    pub(crate) fn cancelled(subject: Subject) -> Self {
        Self::new(subject, Kind::Cancelled)
    }

    pub(crate) fn rejected(subject: Subject, refusal: Refusal) -> Self {
        Self::new(subject, Kind::Rejected(refusal))
    }

    /// Makes the one record of this failure.
    pub(crate) fn report(&self) {
        if let Some(cause) = self.0.cause() {
            report::report(&self.0.subject, &cause);
        }
    }

    /// The record as text.
    pub(crate) fn render(&self) -> String {
        self.0.cause().map_or_else(String::new, |cause| report::render(&self.0.subject, &cause))
    }

    /// Leaves the record to the drop, unless somebody takes the error before.
    pub(crate) fn report_when_dropped(&mut self) {
        self.0.unreported = true;
    }

    /// Marks the error as its holder's.
    #[cold]
    pub(crate) fn taken(mut self) -> Self {
        self.0.unreported = false;
        self
    }

    /// How the routine ended; `None` for one that was refused before it started.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self.0.kind {
            Kind::Failed(_) => Some(Outcome::Failed),
            Kind::Panicked(_) => Some(Outcome::Panicked),
            Kind::Cancelled => Some(Outcome::Cancelled),
            Kind::TimedOut(_) => Some(Outcome::TimedOut),
            Kind::Rejected(_) => None,
        }
    }

    /// Whether the routine panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.0.kind, Kind::Panicked(_))
    }

    /// Whether the routine was aborted, or dropped with its runtime, before it returned.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.kind, Kind::Cancelled)
    }

    /// Whether the routine's `timeout` ended it.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::TimedOut(_))
    }

    /// Whether the routine was refused before it started.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(self.0.kind, Kind::Rejected(_))
    }

    /// The panic, if the routine panicked: its message, its place, and under [`Policy::Recover`](crate::Policy) its
    /// stack.
    #[must_use]
    pub fn panic(&self) -> Option<&Panic> {
        match &self.0.kind {
            Kind::Panicked(panic) => Some(panic),
            _ => None,
        }
    }

    /// The number of the routine; `None` for one that was refused before it got one.
    #[must_use]
    pub fn id(&self) -> Option<RoutineId> {
        self.0.subject.id
    }

    /// The name of the routine. Of one that was cancelled it is the name of its site, also where it was given another.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.subject.name
    }

    /// The trace of the routine; of one that was refused, the trace of whoever wanted it.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.0.subject.trace
    }

    /// The routine's own error, or the first error in its chain of sources, that is an `E`.
    ///
    /// An `anyhow::Error` or `eyre::Report` that became a routine's error hides its own type; what it was made from is
    /// found where it is part of the chain.
    #[must_use]
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        let mut next = self.source();
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl Inner {
    fn cause(&self) -> Option<Cause<'_>> {
        match &self.kind {
            Kind::Failed(failed) => Some(Cause::Error { error: &*failed.error, type_name: failed.type_name }),
            Kind::Panicked(panic) => Some(Cause::Panic(panic)),
            Kind::TimedOut(after) => Some(Cause::TimedOut(*after)),
            Kind::Rejected(refusal) => Some(Cause::Rejected(refusal.as_str())),
            Kind::Cancelled => None,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.unreported {
            if let Some(cause) = self.cause() {
                report::report(&self.subject, &cause);
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.0.subject.name;
        match &self.0.kind {
            Kind::Failed(failed) => write!(f, "routine `{name}` failed: {}", failed.error),
            Kind::Panicked(panic) => write!(f, "routine `{name}` {panic}"),
            Kind::Cancelled => write!(f, "routine `{name}` was cancelled"),
            Kind::TimedOut(after) => write!(f, "routine `{name}` did not end within {after:?}"),
            Kind::Rejected(refusal) => write!(f, "routine `{name}` was refused: {refusal}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("name", &self.0.subject.name).field("id", &self.0.subject.id);
        match &self.0.kind {
            Kind::Failed(failed) => debug.field("failed", &failed.error),
            Kind::Panicked(panic) => debug.field("panicked", panic),
            Kind::Cancelled => debug.field("outcome", &Outcome::Cancelled),
            Kind::TimedOut(after) => debug.field("timed_out", after),
            Kind::Rejected(refusal) => debug.field("rejected", refusal),
        };
        debug.field("trace", &self.0.subject.trace).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Failed(failed) => Some(&*failed.error),
            _ => None,
        }
    }
}
