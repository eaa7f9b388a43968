//! Where slots come from and go back to.
//!
//! Slots live in chunks that never move and are never given back, so that a reader may look at any slot at any time. A
//! thread keeps some free slots to itself, and exchanges half of them with the global list under one lock.
//!
//! # Invariants
//! - A slot is in one place only: some owner's, some thread's cache, the global list, or the part of the newest chunk
//!   that was never used.
//! - One lock, `GLOBAL`, held for pushes and pops alone.

use std::cell::Cell;

use crate::sync::{Mutex, lock};

use super::Slot;

/// Slots of one chunk: 88 KiB, filled in a few microseconds. A model that hands more than a few about has no end.
const CHUNK: usize = if cfg!(routine_loom) { 2 } else { 1024 };
/// Slots that a thread takes or hands back under one lock.
const BATCH: usize = if cfg!(routine_loom) { 1 } else { 64 };
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
    pub(super) fn refill(&mut self, cache: &mut impl Extend<&'static Slot>) {
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

/// A thread's free slots: a stack of them, and how many more fit. A thread that has not asked for a slot yet, or is
/// ending, has room for none. Without a destructor, so that taking and giving asks no state of the thread-local.
struct Cache {
    len: Cell<usize>,
    room: Cell<usize>,
    slots: [Cell<Option<&'static Slot>>; CACHE],
}

/// Hands a thread's free slots back when the thread ends.
struct HandBack;

impl Drop for HandBack {
    fn drop(&mut self) {
        FREE.with(|cache| {
            lock(&GLOBAL).give_back(cache.drain(0));
            cache.room.set(0);
        });
    }
}

thread_local! {
    static FREE: Cache = const {
        Cache { len: Cell::new(0), room: Cell::new(0), slots: [const { Cell::new(None) }; CACHE] }
    };
    static HAND_BACK: HandBack = const { HandBack };
}

impl Cache {
    #[inline]
    fn pop(&self) -> Option<&'static Slot> {
        let last = self.len.get().checked_sub(1)?;
        let slot = self.slots.get(last)?.get();
        self.len.set(last);
        self.room.set(self.room.get() + 1);
        slot
    }

    #[inline]
    fn push(&self, slot: &'static Slot) -> bool {
        let (len, Some(room)) = (self.len.get(), self.room.get().checked_sub(1)) else { return false };
        let Some(place) = self.slots.get(len) else { return false };
        place.set(Some(slot));
        self.len.set(len + 1);
        self.room.set(room);
        true
    }

    /// Takes out all but `keep`.
    fn drain(&self, keep: usize) -> impl Iterator<Item = &'static Slot> {
        let len = self.len.get().max(keep);
        self.room.set(self.room.get() + (len - keep));
        self.len.set(keep.min(self.len.get()));
        self.slots[keep..len].iter().filter_map(Cell::get)
    }

    /// Opens the cache of a thread at its first use; a thread that is ending stays without.
    fn open(&self) -> bool {
        if self.len.get() == 0 && self.room.get() == 0 && HAND_BACK.try_with(|_| ()).is_ok() {
            self.room.set(CACHE);
        }
        self.len.get() != 0 || self.room.get() != 0
    }
}

/// A refill is half of what an empty cache has room for.
impl Extend<&'static Slot> for &Cache {
    fn extend<I: IntoIterator<Item = &'static Slot>>(&mut self, slots: I) {
        for slot in slots {
            self.push(slot);
        }
    }
}

/// Takes a free slot.
#[inline]
pub(crate) fn take() -> &'static Slot {
    match FREE.with(Cache::pop) {
        Some(slot) => slot,
        None => take_batch(),
    }
}

#[cold]
#[inline(never)]
fn take_batch() -> &'static Slot {
    let cached = FREE.with(|mut cache| {
        if !cache.open() {
            return None;
        }
        lock(&GLOBAL).refill(&mut cache);
        cache.pop()
    });
    // A thread that is ending has no cache any more, and hands back what it does not need.
    cached.unwrap_or_else(|| {
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
    if !FREE.with(|cache| cache.push(slot)) {
        give_batch(slot);
    }
}

#[cold]
#[inline(never)]
fn give_batch(slot: &'static Slot) {
    FREE.with(|cache| {
        if !cache.open() {
            lock(&GLOBAL).give_back(std::iter::once(slot));
            return;
        }
        if !cache.push(slot) {
            lock(&GLOBAL).give_back(cache.drain(BATCH));
            cache.push(slot);
        }
    });
}

/// Every slot that was ever handed out, chunk by chunk.
pub(crate) fn slots() -> Vec<&'static [Slot]> {
    lock(&GLOBAL).used()
}
