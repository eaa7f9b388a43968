//! Sorting a body by what it ends in, without an annotation by the user.
//!
//! An expansion calls `(&&&&&&&&&Probe(&body)).kind()`. Method lookup tries the receiver as it is, then with one reference
//! less, and so on: the rungs are implemented on ever fewer references and are therefore tried from the first to the last.
//! A rung whose bound *may* hold is taken, and taking it settles what was open: that the rung for `()` comes first is why
//! a body that loops forever gives a `Handle<()>`, and that the rung for [`BoxError`] comes before the one for any error
//! is why an open error becomes a `BoxError`. The order of the rungs is the rule of inference.
//!
//! The last rung takes anything and is the only one to complain, so that one mistake makes one error. Bounds stand once,
//! on the `start` of what a rung gives.

use std::future::Future;

use crate::in_place::Returns;
use crate::outcome::{BoxError, Never};

use super::tag::{Diverging, Fallible, Forgot, NotWork, Unit, Value};

/// What a rung looks at: a future, or a closure that the blocking pool is to run.
#[derive(Debug)]
pub struct Probe<'a, F>(pub &'a F);

/// A closure without arguments, so that what it returns can be named.
pub trait Call0 {
    /// What it returns.
    type Out;
}

impl<R, F: FnOnce() -> R> Call0 for F {
    type Out = R;
}

macro_rules! rungs {
    ($($(#[$doc:meta])* $future:ident $closure:ident $tag:ident;)*) => {$(
        $(#[$doc])*
        pub trait $future {
            #[doc(hidden)]
            fn kind(&self) -> $tag {
                $tag
            }
        }

        $(#[$doc])*
        pub trait $closure {
            #[doc(hidden)]
            fn block(&self) -> $tag {
                $tag
            }
        }
    )*};
}

rungs! {
    /// Ends in `()`, or never, or in what nobody can tell.
    A0 B0 Unit;
    /// Ends in `!`.
    A1 B1 Diverging;
    /// Ends in a `Result` of `()`, whose error may be open: boxed.
    A2 B2 Fallible;
    /// Ends in a `Result` whose value may be open: `()`.
    A3 B3 Fallible;
    /// Ends in a `Result` whose error may be open: boxed.
    A4 B4 Fallible;
    /// Ends in a `Result`.
    A5 B5 Fallible;
    /// Ends in a future.
    A6 B6 Forgot;
    /// Ends in anything else.
    A7 B7 Value;
    /// Is no work at all.
    A8 B8 NotWork;
}

impl<F: Future<Output = ()>> A0 for &&&&&&&&Probe<'_, F> {}
impl<F: Future<Output = Never>> A1 for &&&&&&&Probe<'_, F> {}
impl<F: Future<Output = Result<(), BoxError>>> A2 for &&&&&&Probe<'_, F> {}
impl<E, F: Future<Output = Result<(), E>>> A3 for &&&&&Probe<'_, F> {}
impl<T, F: Future<Output = Result<T, BoxError>>> A4 for &&&&Probe<'_, F> {}
impl<T, E, F: Future<Output = Result<T, E>>> A5 for &&&Probe<'_, F> {}
impl<F: Future<Output: Future>> A6 for &&Probe<'_, F> {}
impl<F: Future> A7 for &Probe<'_, F> {}
impl<F> A8 for Probe<'_, F> {}

impl<F: Call0<Out = ()>> B0 for &&&&&&&&Probe<'_, F> {}
impl<F: Call0<Out = Never>> B1 for &&&&&&&Probe<'_, F> {}
impl<F: Call0<Out = Result<(), BoxError>>> B2 for &&&&&&Probe<'_, F> {}
impl<E, F: Call0<Out = Result<(), E>>> B3 for &&&&&Probe<'_, F> {}
impl<T, F: Call0<Out = Result<T, BoxError>>> B4 for &&&&Probe<'_, F> {}
impl<T, E, F: Call0<Out = Result<T, E>>> B5 for &&&Probe<'_, F> {}
impl<F: Call0<Out: Future>> B6 for &&Probe<'_, F> {}
impl<F: Call0> B7 for &Probe<'_, F> {}
impl<F> B8 for Probe<'_, F> {}

/// What an in-place body may end in: a `Result`, whose `Err` counts as failed.
pub trait R0 {
    /// What the body ends in.
    type Output;

    /// Counts an `Err` as failed.
    fn returns(&self) -> Returns<Self::Output>;
}

/// What an in-place body may end in: a value.
pub trait R1 {
    /// What the body ends in.
    type Output;

    /// Counts nothing as failed.
    fn returns(&self) -> Returns<Self::Output> {
        Returns::value()
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> R0 for &Probe<'_, F> {
    type Output = Result<T, E>;

    fn returns(&self) -> Returns<Self::Output> {
        Returns::result()
    }
}

impl<F: Future> R1 for Probe<'_, F> {
    type Output = F::Output;
}

/// As [`R0`], of a closure.
pub trait C0 {
    /// What the body ends in.
    type Output;

    /// Counts an `Err` as failed.
    fn call_returns(&self) -> Returns<Self::Output>;
}

/// As [`R1`], of a closure.
pub trait C1 {
    /// What the body ends in.
    type Output;

    /// Counts nothing as failed.
    fn call_returns(&self) -> Returns<Self::Output> {
        Returns::value()
    }
}

impl<T, E, F: Call0<Out = Result<T, E>>> C0 for &Probe<'_, F> {
    type Output = Result<T, E>;

    fn call_returns(&self) -> Returns<Self::Output> {
        Returns::result()
    }
}

impl<F: Call0> C1 for Probe<'_, F> {
    type Output = F::Out;
}
