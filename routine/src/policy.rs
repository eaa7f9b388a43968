//! What a failure does.

use std::fmt;

/// What the failure of a routine does, besides being reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The failure ends this routine alone, and is reported: message, trace, spawn site, and where it panicked.
    #[default]
    Log,
    /// As [`Policy::Log`]; a panic's report carries its own stack trace besides.
    Recover,
    /// The failure is reported, after-hooks and [`at_exit`](crate::at_exit) callbacks run within a deadline, and the
    /// process exits with code 1.
    MustSuccess,
}

impl Policy {
    pub(crate) const fn bits(self) -> u32 {
        match self {
            Self::Log => 0,
            Self::Recover => 1,
            Self::MustSuccess => 2,
        }
    }

    pub(crate) const fn from_bits(bits: u32) -> Self {
        match bits {
            1 => Self::Recover,
            2 => Self::MustSuccess,
            _ => Self::Log,
        }
    }

    /// The policy in the word that the macros use for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Recover => "recover",
            Self::MustSuccess => "must_success",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
