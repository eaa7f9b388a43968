//! Where slots come from and go back to.
//!
//! Slots live in chunks that never move and are never given back, so that a reader may look at any slot at any time.
//! Threads keep free slots to themselves (see [`thread`](crate::thread)) and exchange them here, a batch under one lock.
//!
//! # Invariants
//! - A slot is in one place only: some owner's, some thread's, the free list, or the part of the newest chunk that was
//!   never used.
//! - One lock, `GLOBAL`, held for copies to and from the free list alone.

use crate::sync::{Mutex, lock};

use super::Slot;

/// Slots of one chunk: 26 KiB, filled in a microsecond or two by whoever starts a routine and finds none left. A model that
/// hands more than a few about has no end.
const CHUNK: usize = if cfg!(routine_loom) { 2 } else { 256 };
/// Slots that a thread takes or hands back under one lock.
pub(crate) const BATCH: usize = if cfg!(routine_loom) { 1 } else { 64 };

#[derive(Debug, Default)]
pub(super) struct Arena {
    chunks: Vec<&'static [Slot]>,
    /// Slots of the newest chunk that were handed out at least once.
    used: usize,
    free: Vec<&'static Slot>,
}

impl Arena {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), used: CHUNK, free: Vec::new() }
    }

    /// Hands out a batch of free slots, at least one.
    pub(super) fn take_batch(&mut self, take: impl FnOnce(&[&'static Slot])) {
        if self.free.is_empty() {
            self.unfold();
        }
        let keep = self.free.len().saturating_sub(BATCH);
        take(&self.free[keep..]);
        self.free.truncate(keep);
    }

    /// Puts slots that were never used on the free list.
    fn unfold(&mut self) {
        if self.used == CHUNK {
            let chunk: Box<[Slot]> = (0..CHUNK).map(|_| Slot::new()).collect();
            self.chunks.push(Box::leak(chunk));
            self.used = 0;
        }
        let newest: &'static [Slot] = self.chunks[self.chunks.len() - 1];
        let end = CHUNK.min(self.used + BATCH);
        self.free.extend(newest[self.used..end].iter().rev());
        self.used = end;
    }

    pub(super) fn take_one(&mut self) -> &'static Slot {
        if self.free.is_empty() {
            self.unfold();
        }
        self.free.pop().unwrap_or_else(|| unreachable!("an unfolded chunk has slots"))
    }

    pub(super) fn give_back(&mut self, slots: impl Iterator<Item = &'static Slot>) {
        self.free.extend(slots);
    }

    /// Every slot that was ever handed out, chunk by chunk.
    pub(super) fn used(&self) -> Vec<&'static [Slot]> {
        let mut chunks = self.chunks.clone();
        if let Some(newest) = chunks.last_mut() {
            *newest = &newest[..self.used];
        }
        chunks
    }
}

#[cfg(not(routine_loom))]
static GLOBAL: Mutex<Arena> = Mutex::new(Arena::new());
#[cfg(routine_loom)]
static GLOBAL: std::sync::LazyLock<Mutex<Arena>> = std::sync::LazyLock::new(|| Mutex::new(Arena::new()));

/// Hands out a batch of free slots, at least one.
pub(crate) fn take_batch(take: impl FnOnce(&[&'static Slot])) {
    lock(&GLOBAL).take_batch(take);
}

/// Hands out one slot, to a thread that keeps none.
pub(crate) fn take_one() -> &'static Slot {
    lock(&GLOBAL).take_one()
}

/// Takes back slots that their owners have cleared.
pub(crate) fn give_back(slots: impl Iterator<Item = &'static Slot>) {
    lock(&GLOBAL).give_back(slots);
}

/// Every slot that was ever handed out, chunk by chunk.
pub(crate) fn slots() -> Vec<&'static [Slot]> {
    lock(&GLOBAL).used()
}
