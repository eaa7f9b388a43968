//! One routine's place in the registry.
//!
//! # Invariants
//! - A slot has one owner at a time: whoever took it from the arena. Only the owner writes it, but for the bit
//!   [`CANCELLED`], which anybody may set who knows the routine's number.
//! - `sequence` is odd while the owner fills the slot, and another even number for every owner. What a reader copied
//!   belongs to one routine if the number was even and the same before and after; it must not be trusted before that.
//!   It comes again after 2³⁰ owners of one slot.
//! - `state` is [`State::Free`] whenever nobody owns the slot.
//! - `kept` holds something only while [`Flags::COLD`] or [`Flags::WAKER`] says so, so the lock is taken by its users alone.
//!   Nothing is dropped and no code of a user runs under it; the wakers are tokio's.
//!
//! # Why a late cancel never reaches the next owner
//! The owner writes `sequence` with plain stores, which cost a fraction of an exchange, while a cancel may be under way. All
//! writes of one atomic have one order, in which the owner's own stand as it made them: first the number `n` of the old
//! owner, then `n | WRITING`, then the next number. The exchange of a cancel for `n` happens only where it finds `n`, and
//! takes the place right after what it found. So it stands before `n | WRITING`, which wipes it out, or it does not happen,
//! and no owner after the one that was meant ever reads its bit: reads go forward in that order.
//!
//! A cancel that did happen then looks for the token under the lock, by when the slot may have the next owner. That one puts
//! its token there under the same lock, after it wrote its number: whoever finds the token finds the number, too.

use std::sync::Arc;
use std::task::Waker;

use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering, fence, lock, overwrite};
use crate::trace::Trace;

use super::{Cold, Extra, Flags, Meta};

/// Set while the owner fills the slot.
const WRITING: u32 = 1;
/// Set once the routine was asked to stop, and while the slot is filled for the next: one more than both bits is the next
/// owner's number, with neither.
const CANCELLED: u32 = 2;

#[derive(Debug)]
pub(crate) struct Slot {
    sequence: AtomicU32,
    line: AtomicU32,
    state: AtomicU32,
    meta: AtomicU32,
    origin: AtomicU32,
    hooks: AtomicU32,
    /// The last segment of the trace before its mix: a routine's own number.
    id: AtomicU64,
    parent: AtomicU64,
    grandparent: AtomicU64,
    root_high: AtomicU64,
    root_low: AtomicU64,
    /// A routine's start; of a scope, which has no age, the number of the routine around it.
    start: AtomicU64,
    kept: Mutex<Kept>,
}

/// What of a slot is not in its words.
#[derive(Debug)]
struct Kept {
    cold: Option<Arc<Cold>>,
    /// Of a routine that has waited: wakes its task, so that it can be ended by somebody who does not hold its handle.
    waker: Option<Waker>,
}

/// Where a routine is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Free,
    Spawned,
    Running,
    Waiting,
    /// In a hook, the routine being current.
    InHook,
    /// It does not run: its first turn is its end. Not to be seen by others.
    Refused,
}

impl State {
    const fn bits(self) -> u32 {
        match self {
            Self::Free => 0,
            Self::Spawned => 1,
            Self::Running => 2,
            Self::Waiting => 3,
            Self::InHook => 4,
            Self::Refused => REFUSED,
        }
    }

    const fn from_bits(bits: u32) -> Self {
        match bits {
            1 => Self::Spawned,
            2 | UNWINDING => Self::Running,
            3 => Self::Waiting,
            4 => Self::InHook,
            REFUSED => Self::Refused,
            _ => Self::Free,
        }
    }
}

const REFUSED: u32 = 6;
/// The state of a routine that runs, and that a panic which was reported is on its way through.
const UNWINDING: u32 = 5;

/// What a slot is filled with for a new owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    pub(crate) meta: Meta,
    pub(crate) origin: u32,
    pub(crate) root: u128,
    pub(crate) lineage: [u64; 3],
    pub(crate) start: u64,
    pub(crate) state: State,
}

/// A copy of a routine's slot, taken while it was whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) meta: Meta,
    pub(crate) state: State,
    pub(crate) origin: u32,
    pub(crate) line: u32,
    pub(crate) root: u128,
    pub(crate) lineage: [u64; 3],
    pub(crate) start: u64,
    pub(crate) cancelled: bool,
    generation: u32,
}

impl Record {
    pub(crate) fn trace(&self) -> Trace {
        Trace::from_parts(self.root, self.lineage, self.meta.depth())
    }

    /// The spawner's number; 0 where there is none, or where only `extra` knows it.
    pub(crate) const fn parent(&self) -> u64 {
        if self.meta.has(Flags::FOREIGN_PARENT) { 0 } else { self.lineage[1] }
    }
}

impl Slot {
    #[cfg_attr(routine_loom, allow(clippy::missing_const_for_fn))]
    pub(crate) fn new() -> Self {
        Self {
            sequence: AtomicU32::new(0),
            line: AtomicU32::new(0),
            state: AtomicU32::new(State::Free.bits()),
            meta: AtomicU32::new(0),
            origin: AtomicU32::new(0),
            hooks: AtomicU32::new(0),
            id: AtomicU64::new(0),
            parent: AtomicU64::new(0),
            grandparent: AtomicU64::new(0),
            root_high: AtomicU64::new(0),
            root_low: AtomicU64::new(0),
            start: AtomicU64::new(0),
            kept: Mutex::new(Kept { cold: None, waker: None }),
        }
    }

    /// Fills the slot for the caller, its new owner.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn fill(&self, birth: &Birth) {
        let writing = self.sequence.load(Ordering::Relaxed) | CANCELLED | WRITING;
        overwrite(&self.sequence, writing, Ordering::Relaxed);
        fence(Ordering::Release);
        self.line.store(0, Ordering::Relaxed);
        self.set_meta(birth.meta);
        self.origin.store(birth.origin, Ordering::Relaxed);
        self.id.store(birth.lineage[0], Ordering::Relaxed);
        self.parent.store(birth.lineage[1], Ordering::Relaxed);
        self.grandparent.store(birth.lineage[2], Ordering::Relaxed);
        self.root_high.store((birth.root >> 64) as u64, Ordering::Relaxed);
        self.root_low.store(birth.root as u64, Ordering::Relaxed);
        self.start.store(birth.start, Ordering::Relaxed);
        self.state.store(birth.state.bits(), Ordering::Relaxed);
        overwrite(&self.sequence, writing.wrapping_add(1), Ordering::Release);
    }

    /// Marks the slot as nobody's; `extra` must be empty. The caller gives it back to the arena.
    #[inline]
    pub(crate) fn clear(&self) {
        self.state.store(State::Free.bits(), Ordering::Release);
    }

    /// What tells its owner from those before and after.
    #[cfg(routine_loom)]
    pub(crate) fn generation(&self) -> u32 {
        self.sequence.load(Ordering::Relaxed) & !CANCELLED
    }

    /// A copy, if the slot is a whole routine's at this moment. A slot that is being filled belongs to a routine that
    /// has not been spawned yet.
    pub(crate) fn read(&self) -> Option<Record> {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let state = State::from_bits(self.state.load(Ordering::Acquire));
            if before & WRITING != 0 || matches!(state, State::Free | State::Refused) {
                return None;
            }
            let record = Record {
                meta: self.meta(),
                state,
                origin: self.origin.load(Ordering::Relaxed),
                line: self.line.load(Ordering::Relaxed),
                root: self.root(),
                lineage: self.lineage(),
                start: self.start.load(Ordering::Relaxed),
                cancelled: before & CANCELLED != 0,
                generation: before & !CANCELLED,
            };
            fence(Ordering::Acquire);
            let after = self.sequence.load(Ordering::Relaxed);
            if (before ^ after) & !CANCELLED == 0 {
                return Some(record);
            }
        }
    }

    /// Reads what is cold of the routine that `record` was copied from; `None` where it ended meanwhile, or has nothing.
    pub(crate) fn peek<R>(&self, record: &Record, read: impl FnOnce(&Cold) -> R) -> Option<R> {
        if !self.meta().has(Flags::COLD) {
            return None;
        }
        let kept = lock(&self.kept);
        if self.sequence.load(Ordering::Relaxed) & !CANCELLED != record.generation {
            return None;
        }
        kept.cold.as_deref().map(read)
    }

    /// Asks the routine of that number to stop, if the slot is still its own. Gives its cancellation token, to be fired by
    /// the caller, if somebody waits for one.
    pub(crate) fn cancel(&self, id: u64) -> Option<tokio_util::sync::CancellationToken> {
        let generation = self.sequence.load(Ordering::Acquire) & !CANCELLED;
        let own = self.id.load(Ordering::Relaxed) == id;
        // If it became another's before we read the number, we see here that it did.
        fence(Ordering::Acquire);
        if !own {
            return None;
        }
        let asked =
            self.sequence.compare_exchange(generation, generation | CANCELLED, Ordering::AcqRel, Ordering::Acquire);
        if asked.is_err() {
            return None;
        }
        // The lock orders this against a routine that makes its token: either we see the token here, or it sees the bit
        // that we have just set, which it looks at after it has put its token here.
        let kept = lock(&self.kept);
        if self.sequence.load(Ordering::Relaxed) & !CANCELLED != generation {
            return None;
        }
        kept.cold.as_deref()?.extra()?.cancellation.clone()
    }

    /// Whether the owner was asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.sequence.load(Ordering::Acquire) & CANCELLED != 0
    }

    /// For the owner: works on what is its own, which is made if it is not there. What comes out is dropped by the caller,
    /// after the lock.
    pub(crate) fn with_extra<R>(&self, work: impl FnOnce(&mut Extra) -> R) -> R {
        let mut kept = lock(&self.kept);
        self.add(Flags::EXTRA);
        work(Cold::extra_in(&mut kept.cold))
    }

    /// For the owner: reads what is cold, if there is something.
    pub(crate) fn with_cold<R>(&self, read: impl FnOnce(&Cold) -> R) -> Option<R> {
        if !self.meta().has(Flags::COLD) {
            return None;
        }
        lock(&self.kept).cold.as_deref().map(read)
    }

    /// For the owner of a slot that was just filled: puts `cold` in, and says what it holds.
    pub(crate) fn put_cold(&self, new: Arc<Cold>, flags: Flags, chain: u8) {
        let flags = flags.with(new.flags());
        lock(&self.kept).cold = Some(new);
        self.set_meta(self.meta().with(flags).with_chain(chain));
    }

    /// For the owner: takes out what is cold, to be dropped outside the lock.
    pub(crate) fn take_cold(&self) -> Option<Arc<Cold>> {
        if !self.meta().has(Flags::COLD) {
            return None;
        }
        self.remove(Flags::COLD);
        lock(&self.kept).cold.take()
    }

    /// For the owner: keeps the waker of its task, which is one and the same all its life.
    pub(crate) fn keep_waker(&self, waker: &Waker) {
        let waker = waker.clone();
        lock(&self.kept).waker = Some(waker);
        self.add(Flags::WAKER);
    }

    /// For the owner: takes out its waker, to be dropped outside the lock.
    pub(crate) fn take_waker(&self) -> Option<Waker> {
        self.remove(Flags::WAKER);
        lock(&self.kept).waker.take()
    }

    /// The waker of the routine that `record` was copied from; `None` where it ended meanwhile, or has not waited yet.
    pub(crate) fn waker_of(&self, record: &Record) -> Option<Waker> {
        let kept = lock(&self.kept);
        if self.sequence.load(Ordering::Relaxed) & !CANCELLED != record.generation {
            return None;
        }
        kept.waker.clone()
    }

    /// For the owner: what a routine that starts here inherits.
    pub(crate) fn heritage(&self) -> Option<Arc<Cold>> {
        if !self.meta().has(Flags::HEIRS) {
            return None;
        }
        lock(&self.kept).cold.as_ref().and_then(Cold::to_hand_on)
    }

    /// For the owner: the phase of the shutdown in which it is asked to stop.
    pub(crate) fn phase(&self) -> u8 {
        self.with_cold(Cold::phase).unwrap_or(0)
    }

    #[inline]
    pub(crate) fn meta(&self) -> Meta {
        Meta::from_bits(self.meta.load(Ordering::Relaxed))
    }

    #[inline]
    fn set_meta(&self, meta: Meta) {
        self.meta.store(meta.bits(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        State::from_bits(self.state.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn set_state(&self, state: State) {
        self.state.store(state.bits(), Ordering::Relaxed);
    }

    /// For the owner, which runs: a panic that was reported is on its way through it. Its next turn, its wait and its end
    /// forget it by themselves, at no cost, since they write the state.
    pub(crate) fn expect_reported_panic(&self) {
        self.state.store(UNWINDING, Ordering::Relaxed);
    }

    /// For the owner.
    pub(crate) fn expects_reported_panic(&self) -> bool {
        self.state.load(Ordering::Relaxed) == UNWINDING
    }

    /// For the owner of a slot that was just filled: its routine is not to run. It is asked for by those who may have to wait.
    pub(crate) fn refuse(&self) {
        self.set_state(State::Refused);
        self.add(Flags::GROUPED);
    }

    /// For the owner.
    pub(crate) fn add(&self, flags: Flags) {
        self.set_meta(self.meta().with(flags));
    }

    /// For the owner.
    pub(crate) fn remove(&self, flags: Flags) {
        self.set_meta(self.meta().without(flags));
    }

    #[inline]
    pub(crate) fn set_line(&self, line: u32) {
        self.line.store(line, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn hooks(&self) -> u32 {
        self.hooks.load(Ordering::Relaxed)
    }

    pub(crate) fn set_hooks(&self, set: u32) {
        self.hooks.store(set, Ordering::Relaxed);
        self.add(Flags::HOOKED);
    }

    pub(crate) fn origin(&self) -> u32 {
        self.origin.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn start(&self) -> u64 {
        self.start.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn root(&self) -> u128 {
        u128::from(self.root_high.load(Ordering::Relaxed)) << 64 | u128::from(self.root_low.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn lineage(&self) -> [u64; 3] {
        [self.id.load(Ordering::Relaxed), self.parent.load(Ordering::Relaxed), self.grandparent.load(Ordering::Relaxed)]
    }

    /// What a child's trace keeps of this one's lineage.
    #[inline]
    pub(crate) fn lineage_for_child(&self) -> [u64; 2] {
        [self.id.load(Ordering::Relaxed), self.parent.load(Ordering::Relaxed)]
    }

    /// The last segment before its mix; a routine's number.
    #[inline]
    pub(crate) fn segment(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    pub(crate) fn trace(&self) -> Trace {
        Trace::from_parts(self.root(), self.lineage(), self.meta().depth())
    }

    /// The number of the routine that this slot belongs to, or that its scope runs in; 0 where there is none.
    #[inline]
    pub(crate) fn routine(&self) -> u64 {
        if self.meta().is_routine() { self.segment() } else { self.start() }
    }

    /// The number of the spawner, for the owner.
    pub(crate) fn parent(&self) -> u64 {
        if !self.meta().has(Flags::FOREIGN_PARENT) {
            return self.parent.load(Ordering::Relaxed);
        }
        if self.meta().has(Flags::EXTRA) {
            return lock(&self.kept).cold.as_deref().and_then(Cold::extra).map_or(0, |extra| extra.parent);
        }
        0
    }
}
