//! The functions that start a routine, for those who want no macro.

use std::any::type_name;
use std::future::Future;

use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::spawn;
use crate::start::Start;
use crate::task::{Fallible, Plain};

/// Starts a routine in the background. Go's `Go`.
///
/// The routine carries its caller's [`Trace`](crate::Trace), runs the hooks, and is in the registry until it ends. An
/// `Err` or a panic ends only this routine and is reported at once, with its trace, the place of this call, and where it
/// panicked. Dropping the handle detaches the routine; [`Handle::abort`] and the end of the runtime cancel it, at its next
/// await.
///
/// Once the process is [shutting down](fn@crate::shutdown), nothing starts: the handle gives an error with
/// [`Error::is_rejected`], which is reported where the handle is dropped unasked.
///
/// It takes what ends in `()` or a `Result`; [`go_value`] and the macros take any value.
///
/// # Panics
/// Outside a tokio runtime, at the caller's line; [`try_go`] gives an error instead.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let lines = routine::go(async {
///     let text = tokio::task::yield_now().await;
///     Ok::<_, std::io::Error>(3)
/// });
/// assert_eq!(lines.await.unwrap(), 3);
/// # }
/// ```
#[inline]
#[track_caller]
pub fn go<F>(future: F) -> Handle<<F::Output as IntoOutcome>::Value>
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    spawn::started(spawn::start::<Fallible, F>(Start::typed(type_name::<F>, Policy::Log), future))
}

/// Starts a routine in the background, and logs the stack of its panic. Go's `GoWithRecover`.
///
/// As [`go`], under [`Policy::Recover`]: the report of a panic has the panic's own stack, trimmed to the frames of the
/// user's code (all of them with `RUST_BACKTRACE=full`), within a limit of ten at once and one a second from then on.
///
/// # Panics
/// Outside a tokio runtime, at the caller's line.
#[inline]
#[track_caller]
pub fn go_with_recover<F>(future: F) -> Handle<<F::Output as IntoOutcome>::Value>
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    spawn::started(spawn::start::<Fallible, F>(Start::typed(type_name::<F>, Policy::Recover), future))
}

/// Starts a routine in the background that the process cannot do without. Go's `GoWithMustSuccess`.
///
/// As [`go`], under [`Policy::MustSuccess`]: an `Err`, a panic or a timeout is reported, after-hooks and
/// [`at_exit`](crate::at_exit) callbacks run within a deadline, a copy of the report reaches stderr, and the process exits
/// with code 1. One that is cancelled does not exit the process.
///
/// # Panics
/// Outside a tokio runtime, at the caller's line.
#[inline]
#[track_caller]
pub fn go_with_must_success<F>(future: F) -> Handle<<F::Output as IntoOutcome>::Value>
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    spawn::started(spawn::start::<Fallible, F>(Start::typed(type_name::<F>, Policy::MustSuccess), future))
}

/// Starts blocking work on a thread of the runtime's blocking pool.
///
/// As [`go`], for a closure. Once it runs it cannot be stopped from outside: [`Handle::abort`] before that cancels it,
/// later it only turns [`is_cancelled`](crate::is_cancelled).
///
/// # Panics
/// Outside a tokio runtime, at the caller's line.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let size = routine::go_blocking(|| std::fs::metadata(".").map(|metadata| metadata.len()));
/// assert!(size.await.is_ok());
/// # }
/// ```
#[inline]
#[track_caller]
pub fn go_blocking<F, R>(work: F) -> Handle<R::Value>
where
    F: FnOnce() -> R + Send + 'static,
    R: IntoOutcome<Value: Send> + 'static,
{
    spawn::started(spawn::start_blocking::<Fallible, F, R>(Start::typed(type_name::<F>, Policy::Log), work))
}

/// Starts a routine whose value is taken as it is: a `Result` it ends in is a value too, and its `Err` no failure.
///
/// # Panics
/// Outside a tokio runtime, at the caller's line.
#[inline]
#[track_caller]
pub fn go_value<F>(future: F) -> Handle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    spawn::started(spawn::start::<Plain, F>(Start::typed(type_name::<F>, Policy::Log), future))
}

/// As [`go`], where there may be no runtime.
///
/// # Errors
/// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown); the future is dropped, and counted in
/// [`Stats::rejected`](crate::Stats).
#[inline]
#[track_caller]
pub fn try_go<F>(future: F) -> Result<Handle<<F::Output as IntoOutcome>::Value>, Error>
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    spawn::start::<Fallible, F>(spawn::if_open(Start::typed(type_name::<F>, Policy::Log))?, future)
}

/// As [`go_value`], where there may be no runtime.
///
/// # Errors
/// As [`try_go`].
#[inline]
#[track_caller]
pub fn try_go_value<F>(future: F) -> Result<Handle<F::Output>, Error>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    spawn::start::<Plain, F>(spawn::if_open(Start::typed(type_name::<F>, Policy::Log))?, future)
}

/// As [`go_blocking`], where there may be no runtime.
///
/// # Errors
/// As [`try_go`].
#[inline]
#[track_caller]
pub fn try_go_blocking<F, R>(work: F) -> Result<Handle<R::Value>, Error>
where
    F: FnOnce() -> R + Send + 'static,
    R: IntoOutcome<Value: Send> + 'static,
{
    spawn::start_blocking::<Fallible, F, R>(spawn::if_open(Start::typed(type_name::<F>, Policy::Log))?, work)
}
