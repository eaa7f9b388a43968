//! A trace from text.

use std::fmt;
use std::str::FromStr;

use super::{SpanId, Trace, TraceId, segment};

/// Why a text is no trace. It says what was wrong and where, and never shows the text, which came from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    kind: Kind,
    at: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Length { expected: usize, found: usize },
    TooLong { most: usize, found: usize },
    Digit,
    Zero,
    Separator,
    NoSegment,
    TooManySegments,
    Truncation,
    Version,
}

impl TraceError {
    pub(super) const fn new(kind: Kind, at: usize) -> Self {
        Self { kind, at }
    }

    pub(super) const fn zero(at: usize) -> Self {
        Self::new(Kind::Zero, at)
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Length { expected, found } => {
                write!(f, "expected {expected} bytes, found {found}")?;
            }
            Kind::TooLong { most, found } => write!(f, "expected at most {most} bytes, found {found}")?,
            Kind::Digit => f.write_str("expected a lower-case hexadecimal digit")?,
            Kind::Zero => f.write_str("an id must not be all zeros")?,
            Kind::Separator => f.write_str("expected a `-` between the fields")?,
            Kind::NoSegment => f.write_str("expected a segment after the root")?,
            Kind::TooManySegments => f.write_str("expected at most 3 segments")?,
            Kind::Truncation => f.write_str("`…` stands only before 3 segments")?,
            Kind::Version => f.write_str("the version `ff` is not allowed")?,
        }
        write!(f, ", at byte {}", self.at)
    }
}

impl std::error::Error for TraceError {}

/// Exactly `digits` lower-case hexadecimal digits, at most 32. `at` is where they stand in the whole.
pub(super) fn hex(text: &str, at: usize, digits: usize) -> Result<u128, TraceError> {
    if text.len() != digits {
        return Err(TraceError::new(Kind::Length { expected: digits, found: text.len() }, at));
    }
    text.bytes().enumerate().try_fold(0, |number: u128, (index, byte)| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return Err(TraceError::new(Kind::Digit, at + index)),
        };
        Ok(number << 4 | u128::from(digit))
    })
}

/// The longest text that a trace prints as: root, `.…`, three segments.
const LONGEST: usize = 32 + ".…".len() + 3 * 17;

impl FromStr for Trace {
    type Err = TraceError;

    /// Takes what a trace prints as, and nothing else.
    fn from_str(text: &str) -> Result<Self, TraceError> {
        if text.len() > LONGEST {
            return Err(TraceError::new(Kind::TooLong { most: LONGEST, found: text.len() }, 0));
        }
        let mut parts = text.split('.');
        let root: TraceId = parts.next().unwrap_or_default().parse()?;
        let mut at = 32 + 1;
        let mut rest = parts.peekable();
        let truncated = rest.next_if_eq(&"…").is_some();
        if truncated {
            at += "….".len();
        }
        let mut lineage = [0; 3];
        let mut depth = 0;
        for part in rest {
            if depth == 3 {
                return Err(TraceError::new(Kind::TooManySegments, at));
            }
            let segment: SpanId =
                part.parse().map_err(|error: TraceError| TraceError::new(error.kind, at + error.at))?;
            lineage = [segment::unmix(segment.to_u64()), lineage[0], lineage[1]];
            depth += 1;
            at += 17;
        }
        match (truncated, depth) {
            (true, 3) => Ok(Self::from_parts(root.to_u128(), lineage, 4)),
            (true, _) => Err(TraceError::new(Kind::Truncation, 33)),
            (false, 0) => Err(TraceError::new(Kind::NoSegment, text.len())),
            (false, _) => Ok(Self::from_parts(root.to_u128(), lineage, depth)),
        }
    }
}
