//! The header `traceparent` of W3C Trace Context, level 1 (<https://www.w3.org/TR/trace-context-1/>).

use super::parse::{Kind, TraceError, hex};
use super::{SpanId, Trace, TraceId, segment};

/// Bytes of version 00.
const LENGTH: usize = 55;
/// Bytes that we look at for a version to come.
const LONGEST: usize = 256;

impl Trace {
    /// The trace that a `traceparent` header names: its trace id and, as the only segment, its parent id.
    ///
    /// Takes version 00, and of later versions what level 1 says to take: the same fields, with more behind a `-`, at most
    /// 256 bytes in all. The flags are checked for their form and not kept.
    ///
    /// # Errors
    /// For every other text. The error does not show it.
    ///
    /// ```
    /// use routine::Trace;
    ///
    /// let trace = Trace::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
    /// assert_eq!(trace.root().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    /// assert_eq!(trace.segment().to_string(), "00f067aa0ba902b7");
    /// # Ok::<_, routine::TraceError>(())
    /// ```
    pub fn from_traceparent(header: &str) -> Result<Self, TraceError> {
        if header.len() > LONGEST {
            return Err(TraceError::new(Kind::TooLong { most: LONGEST, found: header.len() }, 0));
        }
        if header.len() < LENGTH {
            return Err(TraceError::new(Kind::Length { expected: LENGTH, found: header.len() }, 0));
        }
        // A cut inside a character would be inside what must be a digit or a `-`.
        let field = |from: usize, to: usize| header.get(from..to).ok_or(TraceError::new(Kind::Digit, from));
        let version = hex(field(0, 2)?, 0, 2)?;
        if version == 0xff {
            return Err(TraceError::new(Kind::Version, 0));
        }
        if version == 0 && header.len() != LENGTH {
            return Err(TraceError::new(Kind::Length { expected: LENGTH, found: header.len() }, 0));
        }
        for at in [2, 35, 52, LENGTH] {
            if header.as_bytes().get(at).is_some_and(|&byte| byte != b'-') {
                return Err(TraceError::new(Kind::Separator, at));
            }
        }
        let root = TraceId::from_u128(hex(field(3, 35)?, 3, 32)?).ok_or(TraceError::zero(3))?;
        #[allow(clippy::cast_possible_truncation)]
        let parent = SpanId::from_u64(hex(field(36, 52)?, 36, 16)? as u64).ok_or(TraceError::zero(36))?;
        hex(field(53, LENGTH)?, 53, 2)?;
        Ok(Self::from_parts(root.to_u128(), [segment::unmix(parent.to_u64()), 0, 0], 1))
    }

    /// The `traceparent` header that carries this trace on: version 00, its root, its own segment as the parent id, and the
    /// flag `sampled`, since a routine has no say in sampling and a trace that is worth carrying is worth keeping.
    #[must_use]
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.root(), self.segment())
    }
}
