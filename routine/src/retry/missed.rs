//! What is left of an attempt that gave no value, until the next one.

use std::any::{Any, type_name};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::panic::Location;
use std::time::Duration;

use super::RetryAfter;
use super::attempt::Timeout;
use crate::current;
use crate::id::RoutineId;
use crate::outcome::{BoxError, Failed, Failure};
use crate::panic;
use crate::policy::Policy;
use crate::report::{self, Again, Cause, Subject};
use crate::trace::Trace;

/// Why an attempt gave no value.
pub(super) enum Missed<L> {
    Failed(L),
    Panicked(Box<dyn Any + Send>),
    TimedOut(Timeout),
}

/// An error as it is kept until the next attempt, or for whoever waits.
pub(super) trait Last<E> {
    fn of(error: E) -> Self;

    /// When it asks to be tried again.
    fn after(&self) -> Option<Duration>;

    fn cause(&self) -> Cause<'_>;
}

/// A routine's own.
impl<E: Failure> Last<E> for Failed {
    fn of(error: E) -> Self {
        Self::new(error)
    }

    fn after(&self) -> Option<Duration> {
        RetryAfter::find(&*self.error)
    }

    fn cause(&self) -> Cause<'_> {
        Cause::Error { error: &*self.error, type_name: self.type_name }
    }
}

/// One that goes back to the caller as it is.
pub(super) struct Kept<E>(E);

impl<E> Kept<E> {
    pub(super) fn into_inner(self) -> E {
        self.0
    }
}

impl<E: Display + 'static> Last<E> for Kept<E> {
    fn of(error: E) -> Self {
        Self(error)
    }

    fn after(&self) -> Option<Duration> {
        let error: &dyn Any = &self.0;
        match error.downcast_ref::<BoxError>() {
            Some(boxed) => RetryAfter::find(&**boxed),
            None => error.downcast_ref::<RetryAfter>().map(RetryAfter::after),
        }
    }

    fn cause(&self) -> Cause<'_> {
        let error: &dyn Any = &self.0;
        let error = error.downcast_ref::<BoxError>().map_or(self as &dyn StdError, |boxed| &**boxed);
        Cause::Error { error, type_name: type_name::<E>() }
    }
}

impl<E: Display> Display for Kept<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Display> fmt::Debug for Kept<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Display> StdError for Kept<E> {}

impl<L> Missed<L> {
    /// Tells those who look closely.
    pub(super) fn tell<E>(&self, again: Again, caller: &'static Location<'static>)
    where
        L: Last<E>,
    {
        if !again.is_wanted() {
            return;
        }
        let subject = subject(caller);
        let panic;
        let cause = match self {
            Self::Failed(last) => last.cause(),
            Self::Panicked(payload) => {
                panic = panic::peek(&**payload, subject.id.map_or(0, RoutineId::get));
                Cause::Panic(&panic)
            }
            Self::TimedOut(timeout) => Cause::TimedOut(Some(timeout.after)),
        };
        report::report_again(&subject, &cause, again);
    }

    /// Lets go of it, since there is another attempt.
    pub(super) fn forget(self) {
        match self {
            Self::Failed(last) => drop(panic::swallow(|| drop(last))),
            Self::Panicked(payload) => panic::drop_payload(payload),
            Self::TimedOut(timeout) => drop(timeout),
        }
    }
}

/// Whose attempt it was: the routine's that runs here, if one does.
fn subject(caller: &'static Location<'static>) -> Subject {
    match current::slot() {
        Some(slot) => Subject { id: RoutineId::from_raw(slot.routine()), ..report::subject(slot) },
        None => Subject {
            id: None,
            parent: None,
            name: Cow::Borrowed("retry"),
            trace: Trace::new(),
            file: caller.file(),
            line: caller.line(),
            policy: Policy::Log,
            fields: Vec::new(),
        },
    }
}
