//! A short part that must finish.

use std::any::type_name;
use std::future::Future;

use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::spawn;
use crate::start::Start;
use crate::task::Fallible;

/// Starts a short part that must finish, as a routine of its own: it goes on where whoever waits for it is aborted, dropped, or
/// ended by its group, and a [`shutdown`](fn@crate::shutdown) that has begun does not refuse it, but waits for it. At its deadline
/// it ends as every other.
///
/// Awaited, the handle gives what the part returned; a failure is reported as with [`go`](crate::go).
///
/// # Panics
/// Outside a tokio runtime, at the caller's line.
///
/// ```
/// # async fn commit() -> std::io::Result<u32> { Ok(3) }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// routine::go(async {
///     // Aborted from here on, this routine ends, and the commit goes on.
///     let rows = routine::shield(commit()).await?;
///     Ok::<_, routine::Error>(rows)
/// });
/// # }
/// ```
#[track_caller]
pub fn shield<F>(part: F) -> Handle<<F::Output as IntoOutcome>::Value>
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    spawn::started(spawn::start_shielded::<Fallible, F>(Start::typed(type_name::<F>, Policy::Log), part))
}
