//! The first of many that succeeds.

use std::any::type_name;
use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;

use super::scope::here;
use super::typed::asked_for;
use super::{Group, GroupError};
use crate::cancel::CancelReason;
use crate::error::{Error, Refusal};
use crate::outcome::IntoOutcome;

/// Runs futures side by side, each as a routine, and gives the value of the first that succeeds. The others end at their next
/// await, and have ended before this returns.
///
/// Futures of different types are boxed: `Box::pin(..) as Pin<Box<dyn Future<Output = _> + Send>>`.
///
/// # Errors
/// Where none succeeds: the first failure, and those that came after it, see [`GroupError`]. A race that somebody wins reports
/// the failures of those that failed before. Without a future there is nothing to win, which is an error, too.
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Cancel safety
/// Dropping the future ends all of them, each counted as cancelled.
///
/// ```
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mirrors = [("slow", 5_000), ("quick", 1)];
/// let first = routine::race(mirrors.map(|(name, millis)| async move {
///     tokio::time::sleep(Duration::from_millis(millis)).await;
///     Ok::<_, std::io::Error>(name)
/// }));
/// assert_eq!(first.await.unwrap(), "quick");
/// # }
/// ```
#[track_caller]
pub fn race<I, F>(futures: I) -> impl Future<Output = Result<<F::Output as IntoOutcome>::Value, GroupError>>
where
    I: IntoIterator<Item = F>,
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    run(Location::caller(), futures)
}

async fn run<I, F>(
    caller: &'static Location<'static>,
    futures: I,
) -> Result<<F::Output as IntoOutcome>::Value, GroupError>
where
    I: IntoIterator<Item = F>,
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let mut group = Group::new();
    for future in futures {
        group.go_as(asked_for(type_name::<F>, caller), future);
    }
    let winner = group.first_value().await;
    let shared = group.scope().shared();
    shared.kill(CancelReason::Requested(Some(Cow::Borrowed("another was first"))));
    group.idle().await;
    winner.ok_or_else(|| {
        GroupError::of(shared.take_failures()).unwrap_or_else(|| {
            // All were cancelled, or there was nothing to run.
            let nobody = || Error::rejected(here("race"), Refusal::NobodyWon);
            GroupError::alone(shared.take_cut().unwrap_or_else(nobody))
        })
    })
}
