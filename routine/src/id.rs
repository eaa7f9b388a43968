//! The number of a routine.

use std::fmt;
use std::num::NonZeroU64;

/// The number of a routine: unique in this process, and never given twice.
///
/// Numbers count up from 1. A thread takes them in blocks of 16, so of two routines that different threads started the
/// higher number need not be the later one. They say nothing outside the process; what identifies a routine elsewhere is
/// its [`Trace`](crate::Trace).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutineId(NonZeroU64);

impl RoutineId {
    pub(crate) const fn from_raw(raw: u64) -> Option<Self> {
        match NonZeroU64::new(raw) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// The number as an integer, as logs show it.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for RoutineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for RoutineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoutineId({})", self.0)
    }
}
