//! The panic hook: the only place that sees where a panic began, and its stack.
//!
//! It is installed once, before the first routine starts, and runs the hook that was there before exactly once for every
//! panic. It runs no other code of a user, takes no lock but the standard library's for backtraces (and those of a record,
//! which it makes with `panic = "abort"`) and cannot panic, also while its thread ends.
//!
//! # Invariants
//! - A thread keeps one capture, of its latest panic inside a routine, with the routine's number. It is used for a
//!   payload only if number, type and message agree; numbers are never given twice.
//! - A thread keeps one mark, of the payload that was reported last and is on its way to the routine around. Any new panic
//!   of the thread removes it, and any turn or wait of that routine, since the payload's address may then be another's.

use std::any::{Any, TypeId};
use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Once};

use super::{Panic, Seen, Stack, message};
use crate::current;
use crate::id::RoutineId;
use crate::registry::{Slot, State};
use crate::report::{self, Cause, Subject};
use crate::text;

/// What the hook saw of a panic.
struct Capture {
    id: u64,
    payload: Mark,
    seen: Seen,
}

/// A panic that was reported and goes on to the routine around.
struct Reported {
    address: usize,
    payload: Mark,
    /// The number of the routine around.
    around: u64,
    /// Whether it goes through a scope first, so that the slot of the routine around is not at hand.
    through_scope: bool,
    seen: Seen,
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
    static REPORTED: Cell<Option<Box<Reported>>> = const { Cell::new(None) };
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
    let stack = slot.meta().wants_stack().then(Backtrace::force_capture);
    let seen = Seen {
        location: info.location().map(ToString::to_string),
        stack: stack.map(|captured| Arc::new(Stack::new(captured))),
    };
    let capture = Capture { id, payload: Mark::of(info.payload()), seen };
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
    let panic = Panic::new(payload, capture.seen);
    let subject = Subject { id: RoutineId::from_raw(capture.id), ..report::subject(slot) };
    report::to_stderr(&report::render(&subject, &Cause::Panic(&panic)));
}

/// What this thread saw of the panic that `payload` came from, if it was in the routine with number `id`.
pub(super) fn take(payload: &(dyn Any + Send), id: u64) -> Option<Seen> {
    let capture = LATEST.try_with(Cell::take).ok().flatten()?;
    let same = capture.id == id && capture.payload == Mark::of(payload);
    same.then_some(capture.seen)
}

/// [`take`], which leaves it to be taken.
pub(super) fn peek(payload: &(dyn Any + Send), id: u64) -> Option<Seen> {
    let seen = take(payload, id)?;
    let capture = Capture { id, payload: Mark::of(payload), seen: seen.clone() };
    let _ = LATEST.try_with(|latest| latest.set(Some(Box::new(capture))));
    Some(seen)
}

/// Notes that the panic of a payload was reported, with what is known of it, before the payload is resumed into what is
/// current now.
///
/// A payload is known again by its address, type and message, and only in the turn that it was resumed into, up to where
/// that starts another routine in place. What is left: a routine that catches the payload, drops it, and at once resumes
/// another of the same type and message, which was given the same address, counts as panicked without a record of its own.
/// Where a scope lies between the two routines, that goes for the whole time up to the next panic of the thread. A payload
/// that is kept and resumed in a later turn is reported again.
pub(crate) fn mark_reported(payload: &(dyn Any + Send), seen: Seen) {
    let around = current::slot().filter(|around| around.routine() != 0);
    let mark = around.map(|around| {
        let through_scope = !around.meta().is_routine();
        if !through_scope {
            around.expect_reported_panic();
        }
        let around = around.routine();
        Box::new(Reported { address: address(payload), payload: Mark::of(payload), around, through_scope, seen })
    });
    let _ = REPORTED.try_with(|reported| reported.set(mark));
}

/// Whether the panic of a payload was reported by a routine inside the current one, which caught it now. Asked once for a
/// payload; what is known of it is then there to be taken.
pub(crate) fn was_reported(payload: &(dyn Any + Send)) -> bool {
    let (Some(mark), Some(slot)) = (REPORTED.try_with(Cell::take).ok().flatten(), current::slot()) else {
        return false;
    };
    let mark = *mark;
    let id = slot.routine();
    let expected = mark.around == id && (mark.through_scope || slot.expects_reported_panic());
    let known = expected && mark.address == address(payload) && mark.payload == Mark::of(payload);
    if known {
        let capture = Capture { id, payload: mark.payload, seen: mark.seen };
        let _ = LATEST.try_with(|latest| latest.set(Some(Box::new(capture))));
    }
    known
}

/// Notes that what is current starts something in place: a panic that was on its way through it has been caught, unless
/// this is a drop that it runs on its way.
#[inline]
pub(crate) fn goes_on(slot: &Slot) {
    if slot.expects_reported_panic() && !std::thread::panicking() {
        slot.set_state(State::Running);
    }
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
        last_words(
            slot,
            payload,
            Capture { id: slot.routine(), payload: Mark::of(payload), seen: Seen { location, stack: None } },
        );
    }
}
