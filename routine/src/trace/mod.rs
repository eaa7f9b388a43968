//! Where work belongs: a root that is shared by all that came of one beginning, and the last steps that led here.

mod id;
mod parse;
mod scope;
mod segment;
#[cfg(test)]
mod tests;
mod traceparent;

use std::fmt;

pub use id::{SpanId, TraceId};
pub use parse::TraceError;
pub use scope::{Scope, current, scope, sync_scope};

/// Segments that a trace keeps, and shows.
const KEPT: u8 = 3;

/// Where work belongs: the [`TraceId`] that all work of one beginning shares, and a lineage of segments, one for each
/// routine that led here, the last being this one's own.
///
/// A child's trace is its parent's with one segment more. However long the chain, a trace keeps its root and the last three
/// segments: it is `Copy`, and takes as much room after a hundred thousand steps as after three.
///
/// It prints as `root.….grandparent.parent.self`, in hexadecimal, and parses from what it prints.
///
/// ```
/// use routine::Trace;
///
/// let trace = Trace::new();
/// let text = trace.to_string();
/// assert_eq!(text.len(), 32 + 1 + 16);
/// assert_eq!(text.parse::<Trace>().unwrap(), trace);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    root: TraceId,
    /// Its own segment and the two before it, as they are before their mix, so that a start mixes nothing; 0 for none.
    lineage: [u64; 3],
    /// How many segments the chain has, up to one more than are kept.
    depth: u8,
}

impl Trace {
    /// A trace of a new beginning: random root, random segment.
    #[must_use]
    pub fn new() -> Self {
        Self::from_parts(Self::fresh_root(), [fastrand::u64(1..), 0, 0], 1)
    }

    pub(crate) const fn from_parts(root: u128, lineage: [u64; 3], depth: u8) -> Self {
        Self { root: TraceId::from_parts(root), lineage, depth }
    }

    pub(crate) const fn parts(&self) -> (u128, [u64; 3], u8) {
        (self.root.to_u128(), self.lineage, self.depth)
    }

    /// A random root. Never 0, which W3C forbids.
    pub(crate) fn fresh_root() -> u128 {
        // Two halves: a range of `u128` costs a division.
        u128::from(fastrand::u64(..)) << 64 | u128::from(fastrand::u64(1..))
    }

    /// What all work of one beginning shares.
    #[must_use]
    pub const fn root(&self) -> TraceId {
        self.root
    }

    /// This step's own segment.
    ///
    /// # Panics
    /// Never: a trace has at least one segment.
    #[must_use]
    pub fn segment(&self) -> SpanId {
        SpanId::from_u64(segment::mix(self.lineage[0])).expect("a mix keeps what is not 0 from being 0")
    }

    /// The segment of the step before; `None` at the beginning.
    #[must_use]
    pub fn parent_segment(&self) -> Option<SpanId> {
        SpanId::from_u64(segment::mix(self.lineage[1]))
    }

    /// The last segments, at most three, from the oldest to this step's own.
    pub fn lineage(&self) -> impl Iterator<Item = SpanId> + use<> {
        let lineage = self.lineage;
        lineage.into_iter().rev().filter_map(|number| SpanId::from_u64(segment::mix(number)))
    }

    /// Whether the chain had more segments than are kept.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.depth > KEPT
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)?;
        if self.is_truncated() {
            f.write_str(".…")?;
        }
        for segment in self.lineage() {
            write!(f, ".{segment}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({self})")
    }
}
