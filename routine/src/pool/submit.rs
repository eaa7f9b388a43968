//! The ways into a pool.

use std::any::type_name;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::job::{JobBody, Outlet};
use super::seek::Seeker;
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
        Submit::new(self.shared(), None, job, move |pool: &_, key, job| put(pool, caller, key, job))
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
        match self.shared().admit(None) {
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
        Submit::new(self.shared(), Some(key.into()), job, move |pool: &_, key, job| put(pool, caller, key, job))
    }
}

/// Submits a job once there is room for it.
pub(super) struct Submit<'a, J, P> {
    seeker: Seeker<'a>,
    key: Option<Arc<str>>,
    /// There until it was put in, or handed back.
    job: Option<J>,
    /// Puts it in.
    put: P,
}

// The job is not pinned before it is in the pool.
impl<J, P> Unpin for Submit<'_, J, P> {}

impl<'a, J, P> Submit<'a, J, P> {
    pub(super) const fn new(pool: &'a Arc<Shared>, key: Option<Arc<str>>, job: J, put: P) -> Self {
        Self { seeker: Seeker::new(pool), key, job: Some(job), put }
    }
}

impl<J, P, T> Future for Submit<'_, J, P>
where
    P: Fn(&Arc<Shared>, Option<Arc<str>>, J) -> Handle<T>,
{
    type Output = Result<Handle<T>, SubmitError<J>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { seeker, key, job, put } = &mut *self;
        assert!(job.is_some(), "a submit was polled after it had ended");
        let admitted = ready!(seeker.poll(key.as_ref(), cx));
        let Some(job) = job.take() else { unreachable!("it was there before the wait") };
        Poll::Ready(match admitted {
            Ok(()) => Ok(put(seeker.pool(), key.take(), job)),
            Err(kind) => Err(reject(seeker.pool(), kind, job)),
        })
    }
}

/// Counts a job that is handed back.
pub(super) fn reject<J>(pool: &Shared, kind: SubmitErrorKind, job: J) -> SubmitError<J> {
    pool.reject();
    SubmitError::new(kind, job)
}

/// Waits until a job is admitted, but not longer than `time`.
pub(super) async fn wait_within(pool: &Arc<Shared>, time: Duration) -> Result<(), SubmitErrorKind> {
    match pool.admit(None) {
        // Without a timer for those who need not wait.
        Err(SubmitErrorKind::Full) => {
            let mut seeker = Seeker::new(pool);
            let admitted = poll_fn(|cx| seeker.poll(None, cx));
            tokio::time::timeout(time, admitted).await.unwrap_or(Err(SubmitErrorKind::TimedOut))
        }
        done => done,
    }
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
    let outlet = Arc::new(Outlet::new(pool.number, born.slot, id));
    let body = JobBody::boxed(Arc::clone(&outlet), || routine(born.slot));
    pool.put(Job { id, slot: born.slot, body, key, places: 1 });
    Handle::of_job(outlet, born.identity)
}
