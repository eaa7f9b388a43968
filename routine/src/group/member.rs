//! What a routine does at its turns because it is a member of a group.

use std::task::Context;

use super::Gate;
use crate::cancel;
use crate::error::Error;
use crate::life::{self, Turn};
use crate::registry::{Flags, Slot, State};
use crate::shutdown;

/// The turn of a routine that may have a span, and may be a member of a group that has no room for it, or is over.
#[cold]
#[inline(never)]
pub(crate) fn admit(slot: &'static Slot, cx: &Context<'_>) -> Result<Turn, Gate> {
    match gate(slot, cx) {
        Gate::Open => Ok(Turn::enter(slot)),
        closed => Err(closed),
    }
}

/// Whether a member of a group may take its turn now.
pub(crate) fn gate(slot: &'static Slot, cx: &Context<'_>) -> Gate {
    if slot.state() == State::Refused {
        return Gate::Refused;
    }
    if !slot.meta().has(Flags::QUEUED) {
        return if is_killed(slot) { Gate::Killed } else { Gate::Open };
    }
    let Some(group) = cancel::group(slot) else { return Gate::Open };
    if !slot.meta().has(Flags::WAKER) {
        // The shutdown finds it by that, if it does not see here that it is to end.
        slot.keep_waker(cx.waker());
    }
    if shutdown::ends(slot) {
        return Gate::Killed;
    }
    let gate = group.gate(slot.segment(), cx);
    if matches!(gate, Gate::Open) {
        slot.remove(Flags::QUEUED);
    }
    gate
}

/// Whether the group of a member is over.
#[cold]
pub(crate) fn is_killed(slot: &'static Slot) -> bool {
    slot.with_cold(|cold| cold.group().is_some_and(|group| group.is_killed())).unwrap_or(false)
}

/// Leaves the waker of a member that waits with its group, at its first wait: tokio wakes a task by one waker all its life.
/// `false` where the group is over.
#[cold]
#[inline(never)]
pub(crate) fn park(slot: &'static Slot, cx: &Context<'_>) -> bool {
    let Some(group) = cancel::group(slot) else { return true };
    if slot.meta().has(Flags::PARKED) {
        return !group.is_killed();
    }
    let parked = group.park(slot.segment(), cx.waker());
    if parked {
        slot.add(Flags::PARKED);
    }
    parked
}

/// Ends a routine whose group is over, or whose process, dropping what is left of it.
#[cold]
#[inline(never)]
pub(crate) fn kill(slot: &'static Slot, drop_rest: &mut dyn FnMut()) -> Error {
    let turn = Turn::enter_to_end(slot);
    end_killed(turn, drop_rest)
}

pub(crate) fn end_killed(turn: Turn, drop_rest: &mut dyn FnMut()) -> Error {
    let slot = turn.slot();
    life::drop_body(slot, drop_rest);
    match cancel::group(slot) {
        Some(group) if group.is_killed() => turn.cut(&group),
        _ => turn.cut_by_shutdown(),
    }
}
