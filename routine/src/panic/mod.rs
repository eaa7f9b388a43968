//! A panic as its routine's report shows it, and how panics of users' code are contained.

mod capture;
mod rate;
mod stack;

use std::any::Any;
use std::backtrace::Backtrace;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use crate::text;

pub(crate) use capture::{goes_on, install, mark_reported, was_reported};
pub(crate) use rate::Rate;

/// A panic that ended a routine.
///
/// Message and location are what the panic said, made safe for one line of a log and cut where they are very long.
/// Location and stack are known only where the panic began inside the routine or a routine in place inside it, on the
/// thread that ran it, and while the panic hook that this crate installs (it runs the one that was there before) was in
/// place. A panic that was caught elsewhere and resumed has a message alone.
pub struct Panic {
    message: String,
    seen: Seen,
}

/// What the panic hook saw of a panic, which goes with it from a routine in place to the one around.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    location: Option<String>,
    stack: Option<Arc<Stack>>,
}

impl Panic {
    fn new(payload: &(dyn Any + Send), seen: Seen) -> Self {
        let message = match message(payload) {
            Some(message) => text::clean(&message, text::MESSAGE),
            None => "a payload that is no text".to_owned(),
        };
        Self { message, seen }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.clone()
    }

    /// The message: the payload, if it was a string as `panic!` makes it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it panicked, as `file:line:column`.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.seen.location.as_deref()
    }

    /// The stack at the panic, trimmed to the frames of the routine's own code; whole with `RUST_BACKTRACE=full`. Only a
    /// routine with the policy [`Recover`](crate::Policy::Recover) has one, and what runs in place in such a routine.
    ///
    /// The first call looks the names of the frames up, which takes some milliseconds, and far longer the first time in
    /// a process. A report has done it already, unless reports came faster than one a second.
    #[must_use]
    pub fn stack(&self) -> Option<&str> {
        self.seen.stack.as_deref().map(Stack::text)
    }

    /// The stack for a report, of which only so many look one up.
    pub(crate) fn stack_for_report(&self) -> Option<Result<&str, Omitted>> {
        let stack = self.seen.stack.as_deref()?;
        Some(if *stack.admitted.get_or_init(rate::admit_stack) { Ok(stack.text()) } else { Err(Omitted) })
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.seen.location {
            Some(location) => write!(f, "panicked at {location}: {}", self.message),
            None => write!(f, "panicked: {}", self.message),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic")
            .field("message", &self.message)
            .field("location", &self.seen.location)
            .finish_non_exhaustive()
    }
}

/// There were too many panics at once to look up every stack.
#[derive(Debug)]
pub(crate) struct Omitted;

/// A stack whose names are looked up when somebody wants to read them.
struct Stack {
    captured: Backtrace,
    text: OnceLock<String>,
    /// Whether the report looked it up: a report and its copy on stderr must agree.
    admitted: OnceLock<bool>,
}

impl Stack {
    const fn new(captured: Backtrace) -> Self {
        Self { captured, text: OnceLock::new(), admitted: OnceLock::new() }
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| stack::resolve(&self.captured))
    }
}

/// What a payload says of the panic that it came from, with what the panic hook saw of it, if it saw the panic of this
/// payload in the routine with number `id`. The payload goes on living.
pub(crate) fn read(payload: &(dyn Any + Send), id: u64) -> Panic {
    Panic::new(payload, capture::take(payload, id).unwrap_or_default())
}

/// [`read`], for a payload that may be read again.
pub(crate) fn peek(payload: &(dyn Any + Send), id: u64) -> Panic {
    Panic::new(payload, capture::peek(payload, id).unwrap_or_default())
}

/// [`read`], for a payload that goes no further.
pub(crate) fn take(payload: Box<dyn Any + Send>, id: u64) -> Panic {
    let panic = read(&*payload, id);
    drop_payload(payload);
    panic
}

/// Runs code of a user that must not unwind into ours. The payload goes to [`take`] or [`drop_payload`].
pub(crate) fn contain<R>(work: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(work))
}

/// Runs code of a user whose panic nobody has to hear of besides the panic hook. Says whether it panicked.
pub(crate) fn swallow(work: impl FnOnce()) -> bool {
    contain(work).map_err(drop_payload).is_err()
}

/// How often the `Drop` of a payload may panic with another payload.
const PAYLOADS: usize = 8;

/// Drops a payload whose `Drop` may panic, with a payload whose `Drop` may panic. The last is forgotten.
pub(crate) fn drop_payload(payload: Box<dyn Any + Send>) {
    let mut payload = payload;
    for _ in 0..PAYLOADS {
        match contain(|| drop(payload)) {
            Ok(()) => return,
            Err(next) => payload = next,
        }
    }
    std::mem::forget(payload);
}

/// The message of a payload made by `panic!`.
fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    match payload.downcast_ref::<&'static str>() {
        Some(message) => Some(message),
        None => payload.downcast_ref::<String>().map(String::as_str),
    }
}

#[cfg(test)]
mod tests;
