//! The ways into a pool.

use std::any::type_name;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::TryAcquireError;

use super::job::{JobBody, Outlet};
use super::shared::Shared;
use super::state::Job;
use super::{Pool, SubmitError, SubmitErrorKind};
use crate::birth;
use crate::current;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::registry::{Flags, Slot};
use crate::start::Start;
use crate::task::{Fallible, Task};

/// What a future's handle gives.
type ValueOf<F> = <<F as Future>::Output as IntoOutcome>::Value;

impl Pool {
    /// Submits a job, and waits for room if there is none. The job waits for a worker in its turn; the handle tells what it gives.
    ///
    /// # Errors
    /// The job, where the pool is closed, or closes meanwhile; and where the pool is full and whoever submits is a job of it,
    /// which would hold the worker that it waits for.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready drops the job, which has taken no place then. Those who wait are served in their
    /// order.
    #[track_caller]
    pub fn submit<F>(&self, job: F) -> impl Future<Output = Result<Handle<ValueOf<F>>, SubmitError<F>>> + use<'_, F>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let caller = Location::caller();
        async move {
            match wait(self.shared(), None).await {
                Ok(()) => Ok(put(self.shared(), caller, None, job)),
                Err(kind) => Err(reject(self.shared(), kind, job)),
            }
        }
    }

    /// Submits a job, if there is room.
    ///
    /// # Errors
    /// The job, where the pool is full or closed.
    #[track_caller]
    pub fn try_submit<F>(&self, job: F) -> Result<Handle<ValueOf<F>>, SubmitError<F>>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let caller = Location::caller();
        match enter(self.shared(), None) {
            Ok(()) => Ok(put(self.shared(), caller, None, job)),
            Err(kind) => Err(reject(self.shared(), kind, job)),
        }
    }

    /// Submits a job, and waits for room, but not longer than `time`.
    ///
    /// # Errors
    /// As [`submit`](Self::submit), and the job where there was no room in that time, which is
    /// [`TimedOut`](SubmitErrorKind::TimedOut).
    ///
    /// # Panics
    /// When it is polled in a runtime without timers, and the pool is full.
    ///
    /// # Cancel safety
    /// As [`submit`](Self::submit).
    #[track_caller]
    pub fn submit_within<F>(
        &self,
        time: Duration,
        job: F,
    ) -> impl Future<Output = Result<Handle<ValueOf<F>>, SubmitError<F>>> + use<'_, F>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let caller = Location::caller();
        async move {
            match wait_within(self.shared(), time).await {
                Ok(()) => Ok(put(self.shared(), caller, None, job)),
                Err(kind) => Err(reject(self.shared(), kind, job)),
            }
        }
    }

    /// Submits a job, unless one of that key waits or runs; waits for room if there is none. Once that one has ended, the key is
    /// free again.
    ///
    /// # Errors
    /// As [`submit`](Self::submit), and the job where one of that key is under way.
    ///
    /// # Cancel safety
    /// As [`submit`](Self::submit).
    #[track_caller]
    pub fn submit_unique<F>(
        &self,
        key: impl Into<Arc<str>>,
        job: F,
    ) -> impl Future<Output = Result<Handle<ValueOf<F>>, SubmitError<F>>>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let caller = Location::caller();
        let key = key.into();
        async move {
            match wait(self.shared(), Some(&key)).await {
                Ok(()) => Ok(put(self.shared(), caller, Some(key), job)),
                Err(kind) => Err(reject(self.shared(), kind, job)),
            }
        }
    }
}

/// Counts a job that is handed back.
pub(super) fn reject<J>(pool: &Shared, kind: SubmitErrorKind, job: J) -> SubmitError<J> {
    pool.reject();
    SubmitError::new(kind, job)
}

/// Waits until a job is admitted.
pub(super) async fn wait(pool: &Shared, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
    match enter(pool, key) {
        Err(SubmitErrorKind::Full) => {}
        done => return done,
    }
    if current::slot().is_some_and(|slot| pool.runs(slot.routine())) {
        return Err(SubmitErrorKind::OwnPool);
    }
    let place = pool.room.acquire().await.map_err(|_| SubmitErrorKind::Closed)?;
    place.forget();
    admit(pool, key)
}

pub(super) async fn wait_within(pool: &Shared, time: Duration) -> Result<(), SubmitErrorKind> {
    match enter(pool, None) {
        // Without a timer for those who need not wait.
        Err(SubmitErrorKind::Full) => {
            tokio::time::timeout(time, wait(pool, None)).await.unwrap_or(Err(SubmitErrorKind::TimedOut))
        }
        done => done,
    }
}

/// Admits a job if there is room.
pub(super) fn enter(pool: &Shared, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
    // A pool that is closed says so, whatever is under way.
    if !pool.room.is_closed() && key.is_some_and(|key| pool.is_in_flight(key)) {
        return Err(SubmitErrorKind::InFlight);
    }
    match pool.room.try_acquire() {
        Ok(place) => place.forget(),
        Err(TryAcquireError::NoPermits) => return Err(SubmitErrorKind::Full),
        Err(TryAcquireError::Closed) => return Err(SubmitErrorKind::Closed),
    }
    admit(pool, key)
}

/// Admits a job that has a place of the room.
fn admit(pool: &Shared, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
    pool.admit(key).inspect_err(|_| pool.give_room())
}

/// Puts a job in that was admitted.
fn put<F>(pool: &Arc<Shared>, caller: &'static Location<'static>, key: Option<Arc<str>>, job: F) -> Handle<ValueOf<F>>
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    put_as(pool, Start::typed_at(type_name::<F>, Policy::Log, caller), Flags::ON_RUNTIME, key, |slot| {
        Task::<Fallible, F>::new(slot, job)
    })
}

/// Puts a job in whose routine is made with its slot.
pub(super) fn put_as<R, T>(
    pool: &Arc<Shared>,
    mut start: Start,
    flags: Flags,
    key: Option<Arc<str>>,
    routine: impl FnOnce(&'static Slot) -> R,
) -> Handle<T>
where
    R: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    start.flags = start.flags.with(flags);
    let born = birth::begin(start, current::slot());
    let id = born.identity.id();
    let outlet = Arc::new(Outlet::new(Arc::clone(pool), born.slot, id));
    let body = JobBody::boxed(Arc::clone(&outlet), || routine(born.slot));
    pool.put(Job { id, slot: born.slot, body, key, places: 1 });
    Handle::of_job(outlet, born.identity)
}
