//! What a thread keeps to itself so that it starts and ends routines without a word to other threads: free slots, and its
//! part of the books.
//!
//! # Invariants
//! - A thread that has not started anything, or is ending, is *closed*: `len` is [`CACHE`] and every place is empty, so that
//!   it looks empty to who takes and full to who gives, and both come to the slow path with no check of their own.
//! - `counts` is there while the thread is open.
//! - No destructor on what is used at every start; [`HandBack`] has it, and closes the thread.

use std::cell::Cell;

use crate::outcome::Outcome;
use crate::panic;
use crate::registry::{self, BATCH, Slot};
use crate::stats::{self, Count, Counts};

/// Free slots that a thread keeps at most.
const CACHE: usize = 2 * BATCH;

struct Local {
    free: [Cell<Option<&'static Slot>>; CACHE],
    len: Cell<usize>,
    counts: Cell<Option<&'static Counts>>,
}

/// Hands back what a thread kept when it ends.
struct HandBack;

impl Drop for HandBack {
    fn drop(&mut self) {
        LOCAL.with(Local::close);
    }
}

thread_local! {
    static LOCAL: Local = const {
        Local { free: [const { Cell::new(None) }; CACHE], len: Cell::new(CACHE), counts: Cell::new(None) }
    };
    static HAND_BACK: HandBack = const { HandBack };
}

impl Local {
    #[inline]
    fn pop(&self) -> Option<&'static Slot> {
        let last = self.len.get().wrapping_sub(1);
        let slot = self.free.get(last)?.get()?;
        self.len.set(last);
        Some(slot)
    }

    #[inline]
    fn push(&self, slot: &'static Slot) -> bool {
        let len = self.len.get();
        let Some(place) = self.free.get(len) else { return false };
        place.set(Some(slot));
        self.len.set(len + 1);
        true
    }

    /// Whether the thread is open, which its first start makes it; a thread that is ending stays closed.
    fn open(&self) -> bool {
        if self.counts.get().is_some() {
            return true;
        }
        // While a thread panics the panic hook cannot be installed: such a thread opens with a later start.
        if !panic::install() || HAND_BACK.try_with(|_| ()).is_err() {
            return false;
        }
        self.counts.set(Some(stats::open()));
        self.len.set(0);
        true
    }

    fn close(&self) {
        let Some(counts) = self.counts.take() else { return };
        let len = self.len.replace(CACHE);
        registry::give_back(self.free[..len].iter().filter_map(Cell::take));
        self.free.iter().for_each(|place| place.set(None));
        stats::close(counts);
    }
}

/// Takes a free slot.
#[inline]
pub(crate) fn take() -> &'static Slot {
    LOCAL.with(Local::pop).unwrap_or_else(refill)
}

/// Takes a free slot for a routine, and a number, under which the routine counts as started from here on.
#[inline]
pub(crate) fn take_for_routine() -> (&'static Slot, u64) {
    let taken = LOCAL.with(|local| local.counts.get().and_then(|counts| Some((local.pop()?, counts.start()))));
    taken.unwrap_or_else(refill_for_routine)
}

#[cold]
#[inline(never)]
fn refill_for_routine() -> (&'static Slot, u64) {
    let slot = refill();
    (slot, LOCAL.with(|local| local.counts.get()).map_or_else(stats::start_unopened, Counts::start))
}

#[cold]
#[inline(never)]
fn refill() -> &'static Slot {
    LOCAL.with(|local| {
        if local.open() {
            registry::take_batch(|slots| {
                for (place, slot) in local.free.iter().zip(slots) {
                    place.set(Some(slot));
                }
                local.len.set(slots.len().min(CACHE));
            });
        }
        local.pop().unwrap_or_else(registry::take_one)
    })
}

/// Gives a slot back that its owner has cleared.
#[inline]
pub(crate) fn give(slot: &'static Slot) {
    if !LOCAL.with(|local| local.push(slot)) {
        flush(slot);
    }
}

/// Gives a slot back that nobody has cleared yet, and counts its routine as completed.
#[inline]
pub(crate) fn give_completed(slot: &'static Slot) {
    // Counted after the slot was cleared: whoever sees no live routine any more finds none in the registry.
    slot.clear();
    let given = LOCAL.with(|local| {
        let len = local.len.get();
        let Some(place) = local.free.get(len) else { return false };
        let Some(counts) = local.counts.get() else { return false };
        counts.complete();
        place.set(Some(slot));
        local.len.set(len + 1);
        true
    });
    if !given {
        count(Count::Ended(Outcome::Completed));
        flush(slot);
    }
}

/// Gives a slot back where the thread keeps as many as it may, or none.
#[cold]
#[inline(never)]
fn flush(slot: &'static Slot) {
    LOCAL.with(|local| {
        if !local.open() {
            registry::give_back(std::iter::once(slot));
            return;
        }
        if !local.push(slot) {
            registry::give_back(local.free[BATCH..].iter().map(|place| place.get().expect("the cache is full")));
            local.len.set(BATCH);
            local.push(slot);
        }
    });
}

/// Counts something on this thread's part of the books.
#[cold]
#[inline(never)]
pub(crate) fn count(what: Count) {
    match LOCAL.with(|local| local.counts.get()) {
        Some(counts) => counts.count(what),
        None => stats::count_unopened(what),
    }
}

/// Starts that were rejected, in this thread's part of the books.
#[cfg(all(test, not(routine_loom)))]
pub(crate) fn rejected() -> u64 {
    LOCAL.with(|local| local.counts.get()).map_or(0, Counts::rejected)
}

#[cfg(test)]
#[cfg(not(routine_loom))]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn numbers_are_never_given_twice_by_any_thread() {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                thread::spawn(|| {
                    (0..1_000)
                        .map(|_| {
                            let (slot, number) = take_for_routine();
                            give_completed(slot);
                            number
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let numbers: Vec<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert!(!numbers.contains(&0));
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 8_000);
    }

    #[test]
    fn the_part_of_a_thread_that_ended_goes_on_with_the_next() {
        let part = || {
            give(take());
            LOCAL.with(|local| local.counts.get()).map(|counts| std::ptr::from_ref(counts).addr())
        };
        let places: HashSet<_> = (0..200).map(|_| thread::spawn(part).join().unwrap()).collect();
        assert!(places.len() < 100, "{} parts for one thread at a time", places.len());
    }

    static LATE: Mutex<Option<mpsc::Sender<(bool, u64)>>> = Mutex::new(None);

    struct Late;

    impl Drop for Late {
        fn drop(&mut self) {
            let (slot, number) = take_for_routine();
            give_completed(slot);
            let open = LOCAL.with(|local| local.counts.get().is_some());
            let sender = LATE.lock().unwrap().take().unwrap();
            sender.send((open, number)).unwrap();
        }
    }

    thread_local! {
        static LAST: Late = const { Late };
    }

    #[test]
    fn a_thread_that_is_ending_still_starts_and_ends_routines() {
        let (sender, receiver) = mpsc::channel();
        *LATE.lock().unwrap() = Some(sender);
        let before = stats::completed_unopened();
        thread::spawn(|| {
            // What is registered first is dropped last, after the thread has handed everything back.
            LAST.with(|_| ());
            give(take());
        })
        .join()
        .unwrap();
        let (open, number) = receiver.recv().unwrap();
        assert!(!open, "the thread was to hand everything back before");
        assert_ne!(number, 0);
        assert!(stats::completed_unopened() > before);
    }
}
