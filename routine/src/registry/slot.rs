//! One routine's place in the registry.
//!
//! # Invariants
//! - A slot has one owner at a time: whoever took it from the arena. Only the owner writes it, but for the bit
//!   [`CANCELLED`], which anybody may set for the generation that it knows.
//! - `sequence` is odd while the owner fills the slot, and another even number for every owner. What a reader copied
//!   belongs to one routine if the number was even and the same before and after; it must not be trusted before that.
//!   It comes again after 2³⁰ owners of one slot.
//! - `state` is [`State::Free`] whenever nobody owns the slot.
//! - `cold` is filled only while [`Flags::COLD`] says so, so the lock is taken by its users alone. Nothing is dropped
//!   and no code of a user runs under it.
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

use crate::policy::Policy;
use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering, fence, lock, overwrite};
use crate::trace::Trace;

use super::{Cold, Extra};

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
    cold: Mutex<Option<Arc<Cold>>>,
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
}

impl State {
    const fn bits(self) -> u32 {
        match self {
            Self::Free => 0,
            Self::Spawned => 1,
            Self::Running => 2,
            Self::Waiting => 3,
            Self::InHook => 4,
        }
    }

    const fn from_bits(bits: u32) -> Self {
        match bits {
            1 => Self::Spawned,
            2 | UNWINDING => Self::Running,
            3 => Self::Waiting,
            4 => Self::InHook,
            _ => Self::Free,
        }
    }
}

/// The state of a routine that runs, and that a panic which was reported is on its way through.
const UNWINDING: u32 = 5;

/// What a slot is the context of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A routine: listed and counted.
    Routine,
    /// A trace set by hand, or what a thread carries along: neither listed nor counted.
    Scope,
}

/// The bits of [`Meta`] that say what a routine is and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// `parent` is a segment from outside, no number of a routine.
    pub(crate) const FOREIGN_PARENT: Self = Self(1 << 8);
    /// The failure belongs to the handle's holder.
    pub(crate) const QUIET: Self = Self(1 << 9);
    /// The caller waits in place.
    pub(crate) const IN_PLACE: Self = Self(1 << 10);
    /// The body runs on a thread of the blocking pool.
    pub(crate) const BLOCKING: Self = Self(1 << 11);
    /// What it starts runs without hooks: it is in a hook, or was started in one, or below what was.
    pub(crate) const NO_HOOKS: Self = Self(1 << 12);
    /// Of a scope: its last segment is not the number of the routine around it. Inherited by what starts there, until that
    /// is given a [`FOREIGN_PARENT`](Self::FOREIGN_PARENT).
    pub(crate) const SET_TRACE: Self = Self(1 << 13);
    /// `cold` has something of its own.
    pub(crate) const EXTRA: Self = Self(1 << 14);
    /// `cold` has what is inherited.
    pub(crate) const HEIRS: Self = Self(1 << 19);
    /// `cold` has the group that the routine belongs to.
    pub(crate) const GROUPED: Self = Self(1 << 20);
    /// `cold` is filled.
    pub(crate) const COLD: Self = Self::EXTRA.with(Self::HEIRS).with(Self::GROUPED);
    /// Its group has its waker.
    pub(crate) const PARKED: Self = Self(1 << 21);
    /// It waits until its group has room for it.
    pub(crate) const QUEUED: Self = Self(1 << 22);
    /// It began a trace of its own.
    pub(crate) const ROOT: Self = Self(1 << 23);
    /// `cold` has a span, which is entered around each poll.
    pub(crate) const SPAN: Self = Self(1 << 15);
    /// `cold` has a timer.
    pub(crate) const TIMEOUT: Self = Self(1 << 16);
    /// A runtime polls the body, and is current while the routine is.
    pub(crate) const ON_RUNTIME: Self = Self(1 << 17);
    /// `hooks` is the number of a set whose after-hooks are to run.
    pub(crate) const HOOKED: Self = Self(1 << 18);
    /// In place, in a routine that shows the stacks of panics: those that begin here go on to it.
    pub(crate) const WANTS_STACK: Self = Self(1 << 31);

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Kind, policy, depth of the trace, and flags, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta(u32);

impl Meta {
    const KIND: u32 = 0b11;
    const POLICY_SHIFT: u32 = 2;
    /// The depth is a row of that many ones, the last meaning "or more", so that a child's is the parent's moved up by one.
    const DEPTH_SHIFT: u32 = 4;
    const DEPTH: u32 = 0b1111 << Self::DEPTH_SHIFT;
    const CHAIN_SHIFT: u32 = 24;
    const CHAIN: u32 = 0b111_1111 << Self::CHAIN_SHIFT;

    #[inline]
    pub(crate) const fn new(kind: Kind, policy: Policy, depth: u8, flags: Flags) -> Self {
        let kind = match kind {
            Kind::Routine => 0,
            Kind::Scope => 1,
        };
        let depth = ((1 << depth) - 1) << Self::DEPTH_SHIFT & Self::DEPTH;
        Self(kind | policy.bits() << Self::POLICY_SHIFT | depth | flags.0)
    }

    /// The word of a routine that starts where this is current: a segment deeper, and with those flags that are inherited.
    #[inline]
    pub(crate) const fn child(self, policy: Policy, flags: Flags) -> Self {
        let depth = (self.0 & Self::DEPTH >> 1 & Self::DEPTH) << 1 | 1 << Self::DEPTH_SHIFT;
        let inherited = self.0 & (Flags::NO_HOOKS.0 | Flags::SET_TRACE.0);
        Self(depth | inherited | policy.bits() << Self::POLICY_SHIFT | flags.0)
    }

    /// The word of a routine that begins a new trace where this is current.
    pub(crate) const fn root(self, policy: Policy, flags: Flags) -> Self {
        Self::new(Kind::Routine, policy, 1, flags.with(Flags(self.0 & Flags::NO_HOOKS.0)))
    }

    /// How many routines above have spans that are children of one another's: seven bits.
    pub(crate) const fn chain(self) -> u8 {
        ((self.0 & Self::CHAIN) >> Self::CHAIN_SHIFT) as u8
    }

    pub(crate) const fn with_chain(self, chain: u8) -> Self {
        Self(self.0 & !Self::CHAIN | (chain as u32) << Self::CHAIN_SHIFT & Self::CHAIN)
    }

    pub(crate) const fn is_routine(self) -> bool {
        self.0 & Self::KIND == 0
    }

    pub(crate) const fn policy(self) -> Policy {
        Policy::from_bits(self.0 >> Self::POLICY_SHIFT & 0b11)
    }

    #[inline]
    pub(crate) const fn depth(self) -> u8 {
        Self::depth_of(self.0 >> Self::DEPTH_SHIFT)
    }

    /// The depth as [`Self::depth_of`] reads it, in the four highest bits.
    #[inline]
    pub(crate) const fn high_depth(self) -> u32 {
        (self.0 & Self::DEPTH) << (28 - Self::DEPTH_SHIFT)
    }

    /// The depth in the four lowest bits of a word.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) const fn depth_of(word: u32) -> u8 {
        (word & 0b1111).trailing_ones() as u8
    }

    #[inline]
    pub(crate) const fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    /// Whether the stack of a panic is shown to somebody.
    pub(crate) fn wants_stack(self) -> bool {
        self.policy() == Policy::Recover || self.has(Flags::WANTS_STACK)
    }

    /// Whether a runtime polls it, and what it starts inherits nothing.
    #[inline]
    pub(crate) const fn is_plain_on_runtime(self) -> bool {
        self.0 & (Flags::ON_RUNTIME.0 | Flags::HEIRS.0) == Flags::ON_RUNTIME.0
    }
}

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
    pub(super) fn new() -> Self {
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
            cold: Mutex::new(None),
        }
    }

    /// Fills the slot for the caller, its new owner. Gives the generation that [`Slot::cancel`] asks for.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn fill(&self, birth: &Birth) -> u32 {
        let writing = self.sequence.load(Ordering::Relaxed) | CANCELLED | WRITING;
        overwrite(&self.sequence, writing, Ordering::Relaxed);
        fence(Ordering::Release);
        self.line.store(0, Ordering::Relaxed);
        self.meta.store(birth.meta.0, Ordering::Relaxed);
        self.origin.store(birth.origin, Ordering::Relaxed);
        self.id.store(birth.lineage[0], Ordering::Relaxed);
        self.parent.store(birth.lineage[1], Ordering::Relaxed);
        self.grandparent.store(birth.lineage[2], Ordering::Relaxed);
        self.root_high.store((birth.root >> 64) as u64, Ordering::Relaxed);
        self.root_low.store(birth.root as u64, Ordering::Relaxed);
        self.start.store(birth.start, Ordering::Relaxed);
        self.state.store(birth.state.bits(), Ordering::Relaxed);
        let generation = writing.wrapping_add(1);
        overwrite(&self.sequence, generation, Ordering::Release);
        generation
    }

    /// Marks the slot as nobody's; `extra` must be empty. The caller gives it back to the arena.
    #[inline]
    pub(crate) fn clear(&self) {
        self.state.store(State::Free.bits(), Ordering::Release);
    }

    /// For the owner: what tells its routine from those that have the slot before and after.
    pub(crate) fn generation(&self) -> u32 {
        self.sequence.load(Ordering::Relaxed) & !CANCELLED
    }

    /// A copy, if the slot is a whole routine's at this moment. A slot that is being filled belongs to a routine that
    /// has not been spawned yet.
    pub(crate) fn read(&self) -> Option<Record> {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let state = State::from_bits(self.state.load(Ordering::Acquire));
            if before & WRITING != 0 || state == State::Free {
                return None;
            }
            let record = Record {
                meta: Meta(self.meta.load(Ordering::Relaxed)),
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
        if !Meta(self.meta.load(Ordering::Relaxed)).has(Flags::COLD) {
            return None;
        }
        let cold = lock(&self.cold);
        if self.sequence.load(Ordering::Relaxed) & !CANCELLED != record.generation {
            return None;
        }
        cold.as_deref().map(read)
    }

    /// Asks the routine of that generation to stop. Gives its cancellation token, to be fired by the caller, if
    /// somebody waits for one.
    pub(crate) fn cancel(&self, generation: u32) -> Option<tokio_util::sync::CancellationToken> {
        let asked =
            self.sequence.compare_exchange(generation, generation | CANCELLED, Ordering::AcqRel, Ordering::Acquire);
        if asked.is_err() {
            return None;
        }
        // The lock orders this against a routine that makes its token: either we see the token here, or it sees the bit
        // that we have just set, which it looks at after it has put its token here.
        let cold = lock(&self.cold);
        if self.sequence.load(Ordering::Relaxed) & !CANCELLED != generation {
            return None;
        }
        cold.as_deref()?.extra()?.cancellation.clone()
    }

    /// Whether the owner was asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.sequence.load(Ordering::Acquire) & CANCELLED != 0
    }

    /// For the owner: works on what is its own, which is made if it is not there. What comes out is dropped by the caller,
    /// after the lock.
    pub(crate) fn with_extra<R>(&self, work: impl FnOnce(&mut Extra) -> R) -> R {
        let mut cold = lock(&self.cold);
        self.add(Flags::EXTRA);
        work(Cold::extra_in(&mut cold))
    }

    /// For the owner: reads what is cold, if there is something.
    pub(crate) fn with_cold<R>(&self, read: impl FnOnce(&Cold) -> R) -> Option<R> {
        if !self.meta().has(Flags::COLD) {
            return None;
        }
        lock(&self.cold).as_deref().map(read)
    }

    /// For the owner of a slot that was just filled: puts `cold` in, and says what it holds.
    pub(crate) fn put_cold(&self, new: Arc<Cold>, flags: Flags, chain: u8) {
        let flags = flags.with(new.flags());
        *lock(&self.cold) = Some(new);
        let meta = Meta(self.meta.load(Ordering::Relaxed) | flags.0).with_chain(chain);
        self.meta.store(meta.0, Ordering::Relaxed);
    }

    /// For the owner: takes out what is cold, to be dropped outside the lock.
    pub(crate) fn take_cold(&self) -> Option<Arc<Cold>> {
        if self.meta().has(Flags::COLD) { lock(&self.cold).take() } else { None }
    }

    /// For the owner: what a routine that starts here inherits.
    pub(crate) fn heritage(&self) -> Option<Arc<Cold>> {
        if !self.meta().has(Flags::HEIRS) {
            return None;
        }
        lock(&self.cold).as_ref().and_then(Cold::to_hand_on)
    }

    #[inline]
    pub(crate) fn meta(&self) -> Meta {
        Meta(self.meta.load(Ordering::Relaxed))
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

    /// For the owner.
    pub(crate) fn add(&self, flags: Flags) {
        self.meta.store(self.meta.load(Ordering::Relaxed) | flags.0, Ordering::Relaxed);
    }

    /// For the owner.
    pub(crate) fn remove(&self, flags: Flags) {
        self.meta.store(self.meta.load(Ordering::Relaxed) & !flags.0, Ordering::Relaxed);
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
            return lock(&self.cold).as_deref().and_then(Cold::extra).map_or(0, |extra| extra.parent);
        }
        0
    }
}
