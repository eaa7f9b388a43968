//! The moment in which a routine is handed to tokio, which may not take it.
//!
//! Tokio drops what it does not take, before it says why. If it panics then, there never was a routine: it counts as
//! rejected, and no hook sees it. If it gives a handle all the same, as a runtime does that has shut down, the routine was
//! cancelled, as the handle says.

use std::cell::Cell;

use crate::life;
use crate::registry::Slot;

thread_local! {
    /// The number of the routine that is handed over on this thread; 0 where there is none, or where tokio has dropped it.
    static LAUNCHING: Cell<u64> = const { Cell::new(0) };
}

/// Marks a routine as handed to tokio until this is dropped, by [`Launch::done`] or by a panic of tokio's.
pub(crate) struct Launch {
    slot: &'static Slot,
    /// Tokio has given a handle.
    taken: bool,
}

impl Launch {
    pub(crate) fn of(slot: &'static Slot) -> Self {
        LAUNCHING.set(slot.segment());
        Self { slot, taken: false }
    }

    pub(crate) fn done(mut self) {
        self.taken = true;
    }
}

impl Drop for Launch {
    fn drop(&mut self) {
        if LAUNCHING.replace(0) != 0 {
            return;
        }
        if self.taken {
            life::cancel_unstarted(self.slot);
        } else {
            life::withdraw(self.slot);
        }
    }
}

/// Whether tokio drops the routine while it is handed over. Its end is then the [`Launch`]'s.
pub(crate) fn is_dropped_at_launch(slot: &Slot) -> bool {
    let dropped = LAUNCHING.get() == slot.segment();
    if dropped {
        LAUNCHING.set(0);
    }
    dropped
}
