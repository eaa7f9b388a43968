//! Who is still there.

use std::collections::BTreeSet;
use std::task::Waker;

use super::state;
use crate::registry::{self, Cold, Flags, Record, Slot};

/// The routines that a shutdown waits for, at one look.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// How many there are in the phase that was asked for, and in those before; `main` is in the first.
    pub(super) live: usize,
    /// The phases that there are beyond it.
    pub(super) later: BTreeSet<u8>,
}

/// Looks at all routines.
pub(super) fn take(phase: u8) -> Census {
    let mut census = Census { live: usize::from(state::waits_for_main()), later: BTreeSet::new() };
    each(|slot, record| {
        let own = phase_of(slot, record);
        if own <= phase {
            census.live += 1;
        } else {
            census.later.insert(own);
        }
    });
    census
}

/// The numbers of the routines of a phase, and of those before it.
pub(super) fn live(phase: u8) -> Vec<u64> {
    let mut live = Vec::new();
    each(|slot, record| {
        if phase_of(slot, record) <= phase {
            live.push(record.lineage[0]);
        }
    });
    live
}

/// Wakes the routines of a phase that wait, and those before it, so that they find that they are to end.
pub(super) fn wake(phase: u8) {
    wake_those(phase, |_| true);
}

/// Wakes those that have not begun.
pub(super) fn wake_queued(phase: u8) {
    wake_those(phase, |record| record.meta.has(Flags::QUEUED));
}

fn wake_those(phase: u8, wanted: impl Fn(&Record) -> bool) {
    let mut wakers = Vec::new();
    each(|slot, record| {
        if wanted(record) && phase_of(slot, record) <= phase {
            wakers.extend(slot.waker_of(record));
        }
    });
    wakers.into_iter().for_each(Waker::wake);
}

fn phase_of(slot: &Slot, record: &Record) -> u8 {
    slot.peek(record, Cold::phase).unwrap_or(0)
}

fn each(mut look: impl FnMut(&'static Slot, &Record)) {
    for slot in registry::slots().into_iter().flatten() {
        let Some(record) = slot.read() else { continue };
        if record.meta.is_routine() && !state::is_exempt(record.lineage[0]) {
            look(slot, &record);
        }
    }
}

/// The routine of that number and those that wait for it in place: they wait for the shutdown, if it does.
pub(super) fn exempt(mut routine: u64) {
    while routine != 0 {
        state::exempt(routine);
        let mut above = 0;
        for slot in registry::slots().into_iter().flatten() {
            let own = slot.read().filter(|record| record.meta.is_routine() && record.lineage[0] == routine);
            if let Some(record) = own.filter(|record| record.meta.has(Flags::IN_PLACE)) {
                above = record.parent();
            }
        }
        routine = above;
    }
}
