//! The two ids of W3C Trace Context that a trace is made of.

use std::fmt;
use std::str::FromStr;

use super::parse::{TraceError, hex};

/// The id that all work of one beginning shares: 128 bits, as W3C Trace Context and OpenTelemetry have it, never 0. Prints
/// as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(u128);

impl TraceId {
    pub(super) const fn from_parts(id: u128) -> Self {
        Self(id)
    }

    /// The id of that number; `None` for 0, which is no id.
    #[must_use]
    pub const fn from_u128(id: u128) -> Option<Self> {
        if id == 0 { None } else { Some(Self(id)) }
    }

    /// The id as a number.
    #[must_use]
    pub const fn to_u128(self) -> u128 {
        self.0
    }
}

impl FromStr for TraceId {
    type Err = TraceError;

    /// Takes exactly 32 lower-case hexadecimal digits, not all 0.
    fn from_str(text: &str) -> Result<Self, TraceError> {
        hex(text, 0, 32).and_then(|id| Self::from_u128(id).ok_or_else(|| TraceError::zero(0)))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

/// The id of one step: 64 bits, as W3C Trace Context and OpenTelemetry have it, never 0. Prints as 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(u64);

impl SpanId {
    /// The id of that number; `None` for 0, which is no id.
    #[must_use]
    pub const fn from_u64(id: u64) -> Option<Self> {
        if id == 0 { None } else { Some(Self(id)) }
    }

    /// The id as a number.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for SpanId {
    type Err = TraceError;

    /// Takes exactly 16 lower-case hexadecimal digits, not all 0.
    #[allow(clippy::cast_possible_truncation)]
    fn from_str(text: &str) -> Result<Self, TraceError> {
        hex(text, 0, 16).and_then(|id| Self::from_u64(id as u64).ok_or_else(|| TraceError::zero(0)))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}
