//! All that an expansion may name. Not public API: it changes in any release.
//!
//! The starters take what the macros have sorted by its type; every one of them panics outside a runtime, at the line of
//! the caller.

use std::any::type_name;
use std::convert::Infallible;
use std::future::Future;

use crate::current;
use crate::outcome::Failure;
use crate::registry::Slot;
use crate::spawn;
use crate::task::{Fallible, Plain};

mod again;
mod body;
mod ladder;
mod tag;

pub use again::{after, cron, every, on_a_thread, plain, restart, retry, retrying, tried};
pub use body::{
    FromPanic, FromTimeout, Noted, T0, T1, Tail, fallible, fallible_call, mistaken, never, once, recovering, timing_out,
};
pub use ladder::{
    A0, A1, A2, A3, A4, A5, A6, A7, A8, B0, B1, B2, B3, B4, B5, B6, B7, B8, C0, C1, Call0, Probe, R0, R1,
};
#[cfg(feature = "macros")]
pub use routine_macros::inline;

pub use crate::handle::Handle;
pub use crate::outcome::{BoxError, IntoOutcome};

pub use crate::in_place::{InPlace, Returns, in_place_call};
pub use crate::policy::Policy;
pub use crate::site::Site;
pub use crate::start::{SpanMode, Start};

/// The bytes of one routine's slot, for the guard of its size.
pub const SLOT_SIZE: usize = size_of::<Slot>();

/// Notes the line that the current routine is about to wait at, and passes the future through.
#[inline]
pub fn keep<F>(future: F, line: u32) -> F {
    if let Some(slot) = current::slot() {
        slot.set_line(line);
    }
    future
}

/// Starts a body that ends in `()`.
#[inline]
#[track_caller]
pub fn start_unit<F>(start: Start, body: F) -> Handle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    spawn::started(spawn::start::<Fallible, F>(start.typed_as(type_name::<F>), body))
}

/// Starts a body that ends in a `Result`.
#[inline]
#[track_caller]
pub fn start_result<T, E, F>(start: Start, body: F) -> Handle<T>
where
    T: Send + 'static,
    E: Failure,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    spawn::started(spawn::start::<Fallible, F>(start.typed_as(type_name::<F>), body))
}

/// Starts a body whose value is taken as it is.
#[inline]
#[track_caller]
pub fn start_value<T, F>(start: Start, body: F) -> Handle<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    spawn::started(spawn::start::<Plain, F>(start.typed_as(type_name::<F>), body))
}

/// Starts a body that never returns.
#[inline]
#[track_caller]
pub fn start_never<F>(start: Start, body: F) -> Handle<Infallible>
where
    F: Future + Send + 'static,
    F::Output: IntoOutcome<Value = Infallible> + 'static,
{
    spawn::started(spawn::start::<Fallible, F>(start.typed_as(type_name::<F>), body))
}

/// Starts blocking work that ends in `()`.
#[inline]
#[track_caller]
pub fn block_unit<F>(start: Start, work: F) -> Handle<()>
where
    F: FnOnce() + Send + 'static,
{
    spawn::started(spawn::start_blocking::<Fallible, F, ()>(start.typed_as(type_name::<F>), work))
}

/// Starts blocking work that ends in a `Result`.
#[inline]
#[track_caller]
pub fn block_result<T, E, F>(start: Start, work: F) -> Handle<T>
where
    T: Send + 'static,
    E: Failure,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    spawn::started(spawn::start_blocking::<Fallible, F, Result<T, E>>(start.typed_as(type_name::<F>), work))
}

/// Starts blocking work whose value is taken as it is.
#[inline]
#[track_caller]
pub fn block_value<T, F>(start: Start, work: F) -> Handle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    spawn::started(spawn::start_blocking::<Plain, F, T>(start.typed_as(type_name::<F>), work))
}

/// A body that its caller awaits in place.
pub fn in_place<F: Future>(start: Start, body: F, returns: Returns<F::Output>) -> InPlace<F> {
    InPlace::new(start, body, returns)
}
