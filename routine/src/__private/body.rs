//! What an expansion puts around and into a user's body.

// The methods are called on a value, since only a method call climbs the ladder.
#![allow(clippy::unused_self, clippy::unnecessary_wraps, clippy::missing_errors_doc)]

use std::future::Future;

use crate::error::Error;
use crate::handle::Handle;
use crate::in_place::Returns;

/// Fixes the type of a body by a `return` that is never reached: an async block deduces nothing from outside.
///
/// # Panics
/// Always.
pub fn never<T>() -> T {
    unreachable!("the expansion never gets here")
}

/// What stands for the handle after a mistake in `routine!`, so that the mistake stays the only error.
///
/// # Panics
/// Always.
pub fn mistaken() -> Handle<()> {
    unreachable!("the program does not compile")
}

/// Says of a body with a `?` that it ends in a `Result`, where a loop that never ends leaves that open.
#[inline]
pub fn fallible<T, E, F: Future<Output = Result<T, E>>>(body: F) -> F {
    body
}

/// As [`fallible`], of a closure.
#[inline]
pub fn fallible_call<T, E, F: FnOnce() -> Result<T, E>>(body: F) -> F {
    body
}

/// Says of a closure that it is called once, so that it may give away what it captured.
#[inline]
pub fn once<R, F: FnOnce() -> R>(body: F) -> F {
    body
}

/// What is noted where there is nothing to pass through.
#[derive(Clone, Copy, Debug)]
pub struct Noted;

impl Noted {
    /// Passes `value` through, which was evaluated after the note was made.
    #[inline]
    pub fn then<T>(self, value: T) -> T {
        value
    }
}

/// The last value of a body with a `?`: a `Result` stays itself, anything else becomes its `Ok`.
#[derive(Debug)]
pub struct Tail<'a, T>(pub &'a T);

/// A tail that is a `Result`.
pub trait T0 {
    #[doc(hidden)]
    fn tail(&self) -> Lifted {
        Lifted
    }
}

/// A tail that is a value.
pub trait T1 {
    #[doc(hidden)]
    fn tail(&self) -> Plain {
        Plain
    }
}

impl<T, E> T0 for &Tail<'_, Result<T, E>> {}
impl<T> T1 for Tail<'_, T> {}

/// Is a `Result` already.
#[derive(Clone, Copy, Debug)]
pub struct Lifted;

/// Is no `Result` yet.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Lifted {
    #[inline]
    pub fn lift<T, E>(self, tail: Result<T, E>) -> Result<T, E> {
        tail
    }
}

impl Plain {
    #[inline]
    pub fn lift<T, E>(self, tail: T) -> Result<T, E> {
        Ok(tail)
    }
}

/// What an in-place body with `recover` may end in: something that a panic can become.
#[diagnostic::on_unimplemented(
    message = "`recover` with `in_place` must turn a panic into what the function returns, and `{Self}` cannot carry one",
    label = "cannot carry a panic",
    note = "return `()`, or a `Result` whose error is made `From<routine::Error>`; or leave `recover` out: the panic then goes on to the caller"
)]
pub trait FromPanic {
    /// What the function returns in the place of the panic.
    fn from_panic(error: Error) -> Self;
}

impl FromPanic for () {
    fn from_panic(_: Error) {}
}

impl<T, E: From<Error>> FromPanic for Result<T, E> {
    fn from_panic(error: Error) -> Self {
        Err(error.into())
    }
}

/// Turns a panic into what the function returns.
pub fn recovering<O: FromPanic>(returns: Returns<O>) -> Returns<O> {
    returns.recovering(O::from_panic)
}

/// What an in-place body with `timeout` may end in: something that can say that the time ran out.
#[diagnostic::on_unimplemented(
    message = "`timeout` with `in_place` must turn a time that ran out into what the function returns, and `{Self}` cannot carry one",
    label = "cannot carry a timeout",
    note = "return `()`, or a `Result` whose error is made `From<routine::Error>`"
)]
pub trait FromTimeout {
    /// What the function returns when its time ran out.
    fn from_timeout(error: Error) -> Self;
}

impl FromTimeout for () {
    fn from_timeout(error: Error) {
        // Nobody is told by the value.
        error.report();
    }
}

impl<T, E: From<Error>> FromTimeout for Result<T, E> {
    fn from_timeout(error: Error) -> Self {
        Err(error.into())
    }
}

/// Turns a time that ran out into what the function returns.
pub fn timing_out<O: FromTimeout>(returns: Returns<O>) -> Returns<O> {
    returns.timing_out(O::from_timeout)
}

/// A future that was awaited. Nothing implements it: a blanket implementation would make the compiler report that one's
/// bound instead of this text.
#[diagnostic::on_unimplemented(
    message = "this routine ends in a future that nobody awaits",
    label = "a future, whose end nobody waits for",
    note = "add `.await` to the last expression, or `;` to drop it: a handle's routine then runs on by itself, any other future does not run; instead of `|| async {{ .. }}` write `async {{ .. }}`"
)]
pub trait Awaited {}

/// A `Result` under its own name. Nothing implements it, as [`Awaited`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a `Result` under another name",
    label = "spell it `Result<..>`",
    note = "the macro reads the signature, and there this name looks like a plain value, whose `Err` would be no failure"
)]
pub trait SpelledOut {}

/// What `routine!` can run. Nothing implements it, as [`Awaited`].
#[diagnostic::on_unimplemented(
    message = "`routine!` takes a future, a closure, or statements, not `{Self}`",
    label = "nothing to run",
    note = "a single call is taken as the future itself: to run it as a statement, end it with `;`"
)]
pub trait Work {}
