//! Why a routine gave no value.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cancel::CancelReason;
use crate::id::RoutineId;
use crate::outcome::{Failed, Outcome};
use crate::panic::Panic;
use crate::report::{self, Again, Cause, Subject};
use crate::trace::Trace;

/// Why a routine gave no value: its error, its panic, or its end before either.
///
/// One pointer wide, and cheap to clone: clones share the routine's own error, see [`Error::downcast_ref`] and
/// [`source`](StdError::source).
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    subject: Subject,
    kind: Kind,
    /// Nobody has reported it or taken it yet, so the drop of the last clone must.
    unreported: AtomicBool,
}

enum Kind {
    Failed(Failed),
    Panicked(Panic),
    Cancelled(Option<CancelReason>),
    TimedOut(Option<Duration>),
    Rejected(Refusal),
    /// It ended well, and never said that it had started.
    NeverStarted,
}

/// Why a routine was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    NoRuntime,
    NobodyWon,
    PoolClosed,
    OwnPool,
    ShuttingDown,
}

impl Refusal {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoRuntime => "no tokio runtime here: start it inside one, or name one with `Builder::spawn_on`",
            Self::NobodyWon => "nothing was left to win: give a race at least one future, and let it end",
            Self::ShuttingDown => {
                "the process is shutting down: finish what must be with `routine::shield`, or in a later phase"
            }
            Self::PoolClosed => "the pool is closed: map in one that is open",
            Self::OwnPool => "a job that waits for jobs of its own pool may wait for ever: map in another pool",
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
        Self(Arc::new(Inner { subject, kind, unreported: AtomicBool::new(false) }))
    }

    pub(crate) fn failed(subject: Subject, failed: Failed) -> Self {
        Self::new(subject, Kind::Failed(failed))
    }

    pub(crate) fn panicked(subject: Subject, panic: Panic) -> Self {
        Self::new(subject, Kind::Panicked(panic))
    }

    /// Of a routine whose own time ran out, or whose group's deadline passed.
    pub(crate) fn timed_out(subject: Subject, after: Option<Duration>) -> Self {
        Self::new(subject, Kind::TimedOut(after))
    }

    pub(crate) fn cancelled(subject: Subject, reason: Option<CancelReason>) -> Self {
        Self::new(subject, Kind::Cancelled(reason))
    }

    /// Of a member that its group ended.
    pub(crate) fn ended_by_group(subject: Subject, reason: Option<CancelReason>) -> Self {
        match reason {
            Some(CancelReason::Deadline) => Self::timed_out(subject, None),
            reason => Self::cancelled(subject, reason),
        }
    }

    pub(crate) fn never_started(subject: Subject) -> Self {
        Self::new(subject, Kind::NeverStarted)
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

    /// Makes the record of this failure for one that is followed by another try, or was to be.
    pub(crate) fn report_again(&self, name: &str, again: Again) {
        let subject = Subject { name: Cow::Owned(name.to_owned()), ..self.0.subject.clone() };
        let ended = || Cause::Ended(self.outcome().unwrap_or(Outcome::Cancelled));
        report::report_again(&subject, &self.0.cause().unwrap_or_else(ended), again);
    }

    /// The record as text.
    pub(crate) fn render(&self) -> String {
        self.0.cause().map_or_else(String::new, |cause| report::render(&self.0.subject, &cause))
    }

    /// Leaves the record to the drop, unless somebody takes the error before.
    pub(crate) fn report_when_dropped(&self) {
        self.0.unreported.store(true, Ordering::Relaxed);
    }

    /// Marks the error as its holder's.
    #[cold]
    pub(crate) fn taken(self) -> Self {
        self.0.unreported.store(false, Ordering::Relaxed);
        self
    }

    /// How the routine ended; `None` for one that was refused before it started.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self.0.kind {
            Kind::Failed(_) => Some(Outcome::Failed),
            Kind::Panicked(_) => Some(Outcome::Panicked),
            Kind::Cancelled(_) => Some(Outcome::Cancelled),
            Kind::TimedOut(_) => Some(Outcome::TimedOut),
            Kind::NeverStarted => Some(Outcome::Completed),
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
        matches!(self.0.kind, Kind::Cancelled(_))
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

    /// Why the routine was cancelled, where that is known: the end of its runtime and [`Handle::abort`](crate::Handle::abort)
    /// give no reason. A routine that did not end before its group's deadline timed out for [`CancelReason::Deadline`].
    #[must_use]
    pub fn cancellation_reason(&self) -> Option<&CancelReason> {
        match &self.0.kind {
            Kind::Cancelled(reason) => reason.as_ref(),
            Kind::TimedOut(None) => Some(&CancelReason::Deadline),
            _ => None,
        }
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

impl Error {
    /// Takes the routine's own error out, if it is an `E` and this is the only clone. It is the holder's then, and makes no
    /// record any more, if it made none yet.
    ///
    /// # Errors
    /// This error itself, where it is another's, of another type, or shared: [`downcast_ref`](Self::downcast_ref) looks
    /// at it all the same.
    pub fn downcast<E: StdError + 'static>(self) -> Result<E, Self> {
        let own = matches!(&self.0.kind, Kind::Failed(failed) if failed.error.is::<E>());
        if !own {
            return Err(self);
        }
        let mut inner = Arc::try_unwrap(self.0).map_err(Self)?;
        *inner.unreported.get_mut() = false;
        match std::mem::replace(&mut inner.kind, Kind::Cancelled(None)) {
            Kind::Failed(failed) => match failed.error.downcast() {
                Ok(error) => Ok(*error),
                Err(error) => unreachable!("it was looked at: {error}"),
            },
            _ => unreachable!("it was looked at"),
        }
    }
}

impl Inner {
    fn cause(&self) -> Option<Cause<'_>> {
        match &self.kind {
            Kind::Failed(failed) => Some(Cause::Error { error: &*failed.error, type_name: failed.type_name }),
            Kind::Panicked(panic) => Some(Cause::Panic(panic)),
            Kind::TimedOut(after) => Some(Cause::TimedOut(*after)),
            Kind::Rejected(refusal) => Some(Cause::Rejected(refusal.as_str())),
            Kind::Cancelled(_) | Kind::NeverStarted => None,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if *self.unreported.get_mut() {
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
            Kind::Cancelled(None) => write!(f, "routine `{name}` was cancelled"),
            Kind::Cancelled(Some(reason)) => write!(f, "routine `{name}` was cancelled {reason}"),
            Kind::TimedOut(Some(after)) => write!(f, "routine `{name}` did not end within {after:?}"),
            Kind::TimedOut(None) => write!(f, "routine `{name}` did not end before the deadline of its group"),
            Kind::Rejected(refusal) => write!(f, "routine `{name}` was refused: {refusal}"),
            Kind::NeverStarted => {
                write!(f, "routine `{name}` ended without saying that it had started: call `Ready::started`")
            }
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
            Kind::Cancelled(reason) => debug.field("outcome", &Outcome::Cancelled).field("reason", reason),
            Kind::TimedOut(after) => debug.field("timed_out", after),
            Kind::Rejected(refusal) => debug.field("rejected", refusal),
            Kind::NeverStarted => debug.field("outcome", &Outcome::Completed).field("started", &false),
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
