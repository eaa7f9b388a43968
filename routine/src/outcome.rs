//! How a routine ended, and what a body may end in.

use std::error::Error as StdError;
use std::fmt;

/// An error of any type, as [`routine!`](crate::routine) takes it where a body leaves the type open.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// How a routine ended. Every routine has exactly one outcome and is counted under it exactly once, see
/// [`stats`](crate::stats).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The body returned, and what it returned was no `Err`.
    Completed,
    /// The body returned an `Err`.
    Failed,
    /// The body panicked, or what it left behind panicked while it was dropped.
    Panicked,
    /// The routine was aborted, or its runtime shut down, before the body returned.
    Cancelled,
    /// The body did not return within its `timeout`.
    TimedOut,
}

impl Outcome {
    /// The outcome in one word, as logs show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed out",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error that a routine may end in: whatever converts into a [`BoxError`], so every type of the standard library,
/// of `thiserror`, `anyhow` and `eyre`, and also `String` and `&'static str`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a routine",
    label = "not an error that can be reported from another thread",
    note = "a routine's error implements `std::error::Error + Send + Sync + 'static`, or converts into `routine::BoxError`"
)]
pub trait Failure: Send + 'static {
    #[doc(hidden)]
    fn into_box(self) -> BoxError;
}

impl<E: Into<BoxError> + Send + 'static> Failure for E {
    #[inline]
    fn into_box(self) -> BoxError {
        self.into()
    }
}

/// What a body that is handed to a function such as [`go`](crate::go) may end in: `()`, a `Result`, or `!`.
///
/// The macros take any value; among the functions, [`go_value`](crate::go_value) does.
#[diagnostic::on_unimplemented(
    message = "a routine must end in `()` or a `Result`, not `{Self}`",
    label = "this routine ends in `{Self}`",
    note = "end it in `Ok(value)`, or start it with `go_value` or `routine!`, which take any value"
)]
pub trait IntoOutcome {
    /// What a [`Handle`](crate::Handle) of the routine gives.
    type Value;

    #[doc(hidden)]
    fn into_outcome(self) -> Result<Self::Value, Failed>;
}

/// The error that a body returned, with the name of its type, which a boxed error no longer knows.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failed {
    pub(crate) error: BoxError,
    pub(crate) type_name: &'static str,
}

impl Failed {
    #[inline]
    pub(crate) fn new<E: Failure>(error: E) -> Self {
        Self { error: error.into_box(), type_name: std::any::type_name::<E>() }
    }
}

impl IntoOutcome for () {
    type Value = ();

    #[inline]
    fn into_outcome(self) -> Result<(), Failed> {
        Ok(())
    }
}

impl<T, E: Failure> IntoOutcome for Result<T, E> {
    type Value = T;

    #[inline]
    fn into_outcome(self) -> Result<T, Failed> {
        self.map_err(Failed::new)
    }
}

/// Names the type `!` on a stable compiler.
#[doc(hidden)]
pub trait Returned {
    type Type;
}

impl<T> Returned for fn() -> T {
    type Type = T;
}

pub(crate) type Never = <fn() -> ! as Returned>::Type;

impl IntoOutcome for Never {
    type Value = std::convert::Infallible;

    fn into_outcome(self) -> Result<Self::Value, Failed> {
        match self {}
    }
}

/// `Ok(value)` with a [`BoxError`] on the other side: the hint that a closing `Ok(())` needs in an `async` block that
/// uses `?`.
///
/// ```
/// # async fn step() -> std::io::Result<()> { Ok(()) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let handle = routine::go(async {
///     step().await?;
///     routine::ok(())
/// });
/// # handle.await.unwrap();
/// # }
/// ```
///
/// # Errors
/// Never: it is always `Ok`.
#[inline]
pub fn ok<T>(value: T) -> Result<T, BoxError> {
    Ok(value)
}
