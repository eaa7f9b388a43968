//! Where slots come from and go back to.
//!
//! Slots live in chunks that never move and are never given back, so that a reader may look at any slot at any time. A
//! thread keeps some free slots to itself, and exchanges half of them with the global list under one lock.
//!
//! # Invariants
//! - A slot is in one place only: some owner's, some thread's cache, the global list, or the part of the newest chunk
//!   that was never used.
//! - One lock, `GLOBAL`, held for pushes and pops alone.

use std::cell::RefCell;

use crate::sync::{Mutex, lock};

use super::Slot;

/// Slots of one chunk: 88 KiB, filled in a few microseconds.
const CHUNK: usize = 1024;
/// Slots that a thread takes or hands back under one lock.
const BATCH: usize = 64;
/// Free slots that a thread keeps at most.
const CACHE: usize = 2 * BATCH;

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

    /// Moves a batch of free slots into `cache`, at least one.
    pub(super) fn refill(&mut self, cache: &mut Vec<&'static Slot>) {
        if !self.free.is_empty() {
            let keep = self.free.len().saturating_sub(BATCH);
            cache.extend(self.free.drain(keep..));
            return;
        }
        if self.used == CHUNK {
            let chunk: Box<[Slot]> = (0..CHUNK).map(|_| Slot::new()).collect();
            self.chunks.push(Box::leak(chunk));
            self.used = 0;
        }
        let newest: &'static [Slot] = self.chunks[self.chunks.len() - 1];
        let end = CHUNK.min(self.used + BATCH);
        cache.extend(newest[self.used..end].iter().rev());
        self.used = end;
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

/// A thread's free slots, handed back when the thread ends.
struct Cache(RefCell<Vec<&'static Slot>>);

impl Drop for Cache {
    fn drop(&mut self) {
        lock(&GLOBAL).give_back(self.0.get_mut().drain(..));
    }
}

thread_local! {
    static FREE: Cache = const { Cache(RefCell::new(Vec::new())) };
}

/// Takes a free slot.
#[inline]
pub(crate) fn take() -> &'static Slot {
    // A thread that is ending has no cache any more.
    FREE.try_with(|cache| cache.0.borrow_mut().pop()).ok().flatten().unwrap_or_else(take_batch)
}

#[cold]
#[inline(never)]
fn take_batch() -> &'static Slot {
    let cached = FREE.try_with(|cache| {
        let mut cache = cache.0.borrow_mut();
        if cache.capacity() == 0 {
            cache.reserve_exact(CACHE);
        }
        lock(&GLOBAL).refill(&mut cache);
        cache.pop()
    });
    // A thread that is ending has no cache any more, and hands back what it does not need.
    cached.ok().flatten().unwrap_or_else(|| {
        let mut batch = Vec::with_capacity(BATCH);
        let mut global = lock(&GLOBAL);
        global.refill(&mut batch);
        let slot = batch.pop().unwrap_or_else(|| unreachable!("a refill brings at least one slot"));
        global.give_back(batch.into_iter());
        slot
    })
}

/// Gives a slot back that its owner has cleared.
#[inline]
pub(crate) fn give(slot: &'static Slot) {
    let kept = FREE.try_with(|cache| {
        let mut cache = cache.0.borrow_mut();
        if cache.len() >= CACHE || cache.capacity() == 0 {
            return false;
        }
        cache.push(slot);
        true
    });
    if !kept.unwrap_or(false) {
        give_batch(slot);
    }
}

#[cold]
#[inline(never)]
fn give_batch(slot: &'static Slot) {
    let kept = FREE.try_with(|cache| {
        let mut cache = cache.0.borrow_mut();
        if cache.capacity() == 0 {
            cache.reserve_exact(CACHE);
        } else {
            lock(&GLOBAL).give_back(cache.drain(BATCH..));
        }
        cache.push(slot);
    });
    if kept.is_err() {
        lock(&GLOBAL).give_back(std::iter::once(slot));
    }
}

/// Every slot that was ever handed out, chunk by chunk.
pub(crate) fn slots() -> Vec<&'static [Slot]> {
    lock(&GLOBAL).used()
}
