//! What a routine is and has, in one word of its slot.

use crate::policy::Policy;

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
    /// The slot has the waker of its task.
    pub(crate) const WAKER: Self = Self(1 << 1);
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
    const KIND: u32 = 0b1;
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

    #[inline]
    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    #[inline]
    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    pub(super) const fn with(self, flags: Flags) -> Self {
        Self(self.0 | flags.0)
    }

    pub(super) const fn without(self, flags: Flags) -> Self {
        Self(self.0 & !flags.0)
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

    /// Which of some flags it has, to be compared in one step.
    #[inline]
    pub(crate) const fn among(self, flags: Flags) -> Flags {
        Flags(self.0 & flags.0)
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
