//! What a rung of the ladder found, and how that is started: `start` where the type was found, `start_value` where a
//! signature says that the body ends in a plain value.

// The methods are called on a value, since only a method call climbs the ladder.
#![allow(clippy::unused_self)]

use std::convert::Infallible;
use std::future::Future;

use crate::handle::Handle;
use crate::outcome::{Failure, Never};
use crate::start::Start;

use super::body::{Awaited, SpelledOut, Work};
use super::{block_result, block_unit, block_value, start_result, start_unit, start_value};

/// Ends in `()`.
#[derive(Clone, Copy, Debug)]
pub struct Unit;

/// Ends in `!`.
#[derive(Clone, Copy, Debug)]
pub struct Diverging;

/// Ends in a `Result`.
#[derive(Clone, Copy, Debug)]
pub struct Fallible;

/// Ends in a future that nobody awaits.
#[derive(Clone, Copy, Debug)]
pub struct Forgot;

/// Ends in a value.
#[derive(Clone, Copy, Debug)]
pub struct Value;

/// Is neither a future nor a closure.
#[derive(Clone, Copy, Debug)]
pub struct NotWork;

impl Unit {
    #[inline]
    #[track_caller]
    pub fn start<F: Future<Output = ()> + Send + 'static>(self, start: Start, body: F) -> Handle<()> {
        start_unit(start, body)
    }

    #[inline]
    #[track_caller]
    pub fn start_value<F: Future<Output = ()> + Send + 'static>(self, start: Start, body: F) -> Handle<()> {
        start_unit(start, body)
    }

    #[inline]
    #[track_caller]
    pub fn block<F: FnOnce() + Send + 'static>(self, start: Start, work: F) -> Handle<()> {
        block_unit(start, work)
    }

    #[inline]
    #[track_caller]
    pub fn block_value<F: FnOnce() + Send + 'static>(self, start: Start, work: F) -> Handle<()> {
        block_unit(start, work)
    }
}

impl Diverging {
    #[inline]
    #[track_caller]
    pub fn start<F: Future<Output = Never> + Send + 'static>(self, start: Start, body: F) -> Handle<Infallible> {
        super::start_never(start, body)
    }

    #[inline]
    #[track_caller]
    pub fn block<F: FnOnce() -> Never + Send + 'static>(self, start: Start, work: F) -> Handle<Infallible> {
        block_value(start, move || match work() {})
    }
}

impl Fallible {
    #[inline]
    #[track_caller]
    pub fn start<T, E, F>(self, start: Start, body: F) -> Handle<T>
    where
        T: Send + 'static,
        E: Failure,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        start_result(start, body)
    }

    /// The signature hides the `Result` behind another name, so the handle it names is not the one that there would be.
    pub fn start_value<R: SpelledOut, F: Future<Output = R>>(self, _: Start, _: F) -> Handle<R> {
        unreachable!("`SpelledOut` has no implementation")
    }

    #[inline]
    #[track_caller]
    pub fn block<T, E, F>(self, start: Start, work: F) -> Handle<T>
    where
        T: Send + 'static,
        E: Failure,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        block_result(start, work)
    }

    /// As [`Fallible::start_value`].
    pub fn block_value<R: SpelledOut, F: FnOnce() -> R>(self, _: Start, _: F) -> Handle<R> {
        unreachable!("`SpelledOut` has no implementation")
    }
}

impl Forgot {
    /// A future in the place of a value was most likely meant to be awaited.
    pub fn start<G: Awaited, F: Future<Output = G>>(self, _: Start, _: F) -> Handle<G> {
        unreachable!("`Awaited` has no implementation")
    }

    #[inline]
    #[track_caller]
    pub fn start_value<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        self,
        start: Start,
        body: F,
    ) -> Handle<T> {
        start_value(start, body)
    }

    /// As [`Forgot::start`].
    pub fn block<G: Awaited, F: FnOnce() -> G>(self, _: Start, _: F) -> Handle<G> {
        unreachable!("`Awaited` has no implementation")
    }

    #[inline]
    #[track_caller]
    pub fn block_value<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(self, start: Start, work: F) -> Handle<T> {
        block_value(start, work)
    }
}

impl Value {
    #[inline]
    #[track_caller]
    pub fn start<T: Send + 'static, F: Future<Output = T> + Send + 'static>(self, start: Start, body: F) -> Handle<T> {
        start_value(start, body)
    }

    #[inline]
    #[track_caller]
    pub fn start_value<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        self,
        start: Start,
        body: F,
    ) -> Handle<T> {
        start_value(start, body)
    }

    #[inline]
    #[track_caller]
    pub fn block<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(self, start: Start, work: F) -> Handle<T> {
        block_value(start, work)
    }

    #[inline]
    #[track_caller]
    pub fn block_value<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(self, start: Start, work: F) -> Handle<T> {
        block_value(start, work)
    }
}

impl NotWork {
    /// Whatever it is, it cannot run.
    pub fn start<W: Work>(self, _: Start, _: W) -> Handle<()> {
        unreachable!("`Work` has no implementation")
    }

    /// As [`NotWork::start`].
    pub fn block<W: Work>(self, _: Start, _: W) -> Handle<()> {
        unreachable!("`Work` has no implementation")
    }
}
