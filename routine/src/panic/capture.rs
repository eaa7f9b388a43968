//! The panic hook: the only place that sees where a panic began, and its stack.
//!
//! It is installed once, before the first routine starts, and runs the hook that was there before exactly once for every
//! panic. It runs no other code of a user, takes no lock (but with `panic = "abort"`, where it makes the record) and cannot
//! panic, also while its thread ends.
//!
//! # Invariants
//! - A thread keeps one capture, of its latest panic inside a routine, with the routine's number. It is used for a
//!   payload only if number, type and message agree; numbers are never given twice.
//! - A thread keeps one mark, of the payload that was reported last and is on its way to an outer routine. Any new panic
//!   of the thread removes it, since the payload's address may then be another's.

use std::any::{Any, TypeId};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::Once;

use super::{Panic, message};
use crate::current;
use crate::id::RoutineId;
use crate::life;
use crate::policy::Policy;
use crate::registry::Slot;
use crate::report::{self, Cause, Subject};
use crate::text;

/// What the hook saw of a panic.
struct Capture {
    id: u64,
    payload: Mark,
    location: Option<String>,
    stack: Option<Backtrace>,
}

/// What a payload is known again by.
#[derive(PartialEq, Eq)]
struct Mark {
    kind: TypeId,
    head: String,
    len: usize,
}

impl Mark {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let message = message(payload).unwrap_or_default();
        Self { kind: payload.type_id(), head: text::head(message, text::MESSAGE).to_owned(), len: message.len() }
    }
}

thread_local! {
    static LATEST: Cell<Option<Box<Capture>>> = const { Cell::new(None) };
    static REPORTED: Cell<Option<Box<(usize, Mark)>>> = const { Cell::new(None) };
}

static INSTALLED: Once = Once::new();

/// Puts our hook before the one that is there, and says whether it is in place. While the thread panics, when the standard
/// library would refuse, it is left to a later call.
#[inline]
pub(crate) fn install() -> bool {
    INSTALLED.is_completed() || install_now()
}

#[cold]
#[inline(never)]
fn install_now() -> bool {
    if std::thread::panicking() {
        return false;
    }
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // First, since the previous hook may end the process.
            see(info);
            previous(info);
        }));
    });
    true
}

fn see(info: &PanicHookInfo<'_>) {
    let _ = REPORTED.try_with(Cell::take);
    let Some(slot) = current::slot() else { return };
    let id = slot.routine();
    if id == 0 {
        return;
    }
    let wants_stack = slot.meta().policy() == Policy::Recover;
    let capture = Capture {
        id,
        payload: Mark::of(info.payload()),
        location: info.location().map(ToString::to_string),
        stack: wants_stack.then(Backtrace::force_capture),
    };
    if cfg!(panic = "abort") {
        last_words(slot, info.payload(), capture);
    } else {
        let _ = LATEST.try_with(|latest| latest.set(Some(Box::new(capture))));
    }
}

/// With `panic = "abort"` nothing of ours runs after the hook, so the record is made here. It goes to stderr alone, since
/// a subscriber may be what panicked.
#[cold]
fn last_words(slot: &Slot, payload: &(dyn Any + Send), capture: Capture) {
    let panic = Panic::new(payload, capture.location, capture.stack);
    let subject = Subject { id: RoutineId::from_raw(capture.id), ..life::subject(slot) };
    report::to_stderr(&report::render(&subject, &Cause::Panic(&panic)));
}

/// Location and stack of the panic that `payload` came from, if this thread saw it in the routine with number `id`.
pub(super) fn take(payload: &(dyn Any + Send), id: u64) -> Option<(Option<String>, Option<Backtrace>)> {
    let capture = LATEST.try_with(Cell::take).ok().flatten()?;
    let same = capture.id == id && capture.payload == Mark::of(payload);
    same.then_some((capture.location, capture.stack))
}

/// Notes that the panic of a payload was reported, before the payload is resumed.
pub(crate) fn mark_reported(payload: &(dyn Any + Send)) {
    let mark = Box::new((address(payload), Mark::of(payload)));
    let _ = REPORTED.try_with(|reported| reported.set(Some(mark)));
}

/// Whether the panic of a payload was reported by a routine inside the one that caught it now. Asked once for a payload.
pub(crate) fn was_reported(payload: &(dyn Any + Send)) -> bool {
    let mark = REPORTED.try_with(Cell::take).ok().flatten();
    mark.is_some_and(|mark| *mark == (address(payload), Mark::of(payload)))
}

fn address(payload: &(dyn Any + Send)) -> usize {
    std::ptr::from_ref(payload).cast::<()>().addr()
}

#[cfg(test)]
pub(super) fn is_installed() -> bool {
    INSTALLED.is_completed()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a build with `panic = "abort"` does for a panic here.
    pub(crate) fn last_words_here() {
        let payload: &(dyn Any + Send) = &"boom";
        let slot = current::slot().unwrap();
        let location = Some("src/x.rs:1:2".to_owned());
        last_words(slot, payload, Capture { id: slot.routine(), payload: Mark::of(payload), location, stack: None });
    }
}
