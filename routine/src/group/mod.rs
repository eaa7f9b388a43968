//! Routines that belong together, and are waited for together.
//!
//! [`group`](fn@crate::group) runs a body that starts members, and returns when all have ended: none outlives it.
//! [`Group`] is a value with members of one type, for those who wait elsewhere. Both are structured: a member's failure is
//! returned to whoever waits, and not reported.

mod error;
mod followed;
mod map;
pub(crate) mod member;
#[cfg(all(test, routine_loom))]
mod models;
mod options;
mod queue;
mod race;
mod ready;
mod room;
mod scope;
mod shared;
mod typed;
mod under_way;

pub use error::GroupError;
pub(crate) use followed::Followed;
pub use map::{Items, Map, map, map_stream};
pub use options::{GroupBuilder, InvalidGroup};
pub use race::race;
pub use ready::{Ready, start};
pub use scope::Scope;
pub(crate) use scope::here;
pub(crate) use shared::{Gate, Shared};
pub use typed::Group;

use crate::outcome::IntoOutcome;

/// Awaits a body that starts routines, and then all of them: none outlives this.
///
/// The body gets the [`Scope`] that starts them. It is awaited in place, so it may borrow; the members may not. The first
/// failure, of the body or of a member, ends the body and all members at their next await, waits for them, and is returned.
/// What a member is left with is dropped before this returns; so are members that were started by members meanwhile.
///
/// Dropping this future ends all members, each counted as cancelled. It cannot wait for them, since a drop cannot.
///
/// # Errors
/// With the first failure, and those that came after it, see [`GroupError`]. Where none failed, but a
/// [`shutdown`](fn@crate::shutdown) ended a member that did not stop, with that member's error; what the body gave is dropped.
///
/// # Panics
/// A panic of the body goes on, once all members have ended.
///
/// # Cancel safety
/// Dropping the future drops the body where it waits, and ends all members.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let names = ["a.csv", "b.csv"];
/// let total = routine::group(async |scope| {
///     let sizes = names.map(|name| scope.go_value(async move { name.len() }));
///     let mut total = 0;
///     for size in sizes {
///         total += size.await?;
///     }
///     Ok::<_, routine::Error>(total)
/// });
/// assert_eq!(total.await.unwrap(), 10);
/// # }
/// ```
pub async fn group<F, R>(body: F) -> Result<R::Value, GroupError>
where
    F: AsyncFnOnce(Scope) -> R,
    R: IntoOutcome,
{
    GroupBuilder::default().scope(body).await
}
