//! The ways into a pool.

use std::any::type_name;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::job::JobBody;
use super::seek::Seeker;
use super::shared::Shared;
use super::state::Job;
use super::{Pool, SubmitError, SubmitErrorKind};
use crate::birth;
use crate::current;
use crate::error::Error;
use crate::handle::Handle;
use crate::life;
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
        Submit::new(self.shared(), None, job, Futures(Location::caller()))
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
        submit_now(self.shared(), job, &Futures(Location::caller()))
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
        within(time, Submit::new(self.shared(), None, job, Futures(Location::caller())))
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
        Submit::new(self.shared(), Some(key.into()), job, Futures(Location::caller()))
    }
}

/// A kind of job, and how one is put into a pool.
pub(super) trait Kind<J> {
    type Value;

    /// Puts a job in that was admitted.
    fn put(&self, pool: &Arc<Shared>, key: Option<Arc<str>>, job: J) -> Handle<Self::Value>;

    /// Puts a job in without a word before, if the pool takes it: one step under the pool's lock instead of two. Else the job
    /// stays where it is.
    fn put_at_once(&self, pool: &Arc<Shared>, job: &mut Option<J>) -> Option<Handle<Self::Value>>;
}

/// What whoever submits a job gets.
type Submitted<J, T> = Result<Handle<T>, SubmitError<J>>;

/// Submits a job once there is room for it.
pub(super) struct Submit<'a, J, K> {
    seeker: Seeker<'a>,
    key: Option<Arc<str>>,
    /// There until it was put in, or handed back.
    job: Option<J>,
    kind: K,
}

// The job is not pinned before it is in the pool.
impl<J, K> Unpin for Submit<'_, J, K> {}

impl<'a, J, K> Submit<'a, J, K> {
    pub(super) const fn new(pool: &'a Arc<Shared>, key: Option<Arc<str>>, job: J, kind: K) -> Self {
        Self { seeker: Seeker::new(pool), key, job: Some(job), kind }
    }
}

impl<J, K: Kind<J>> Future for Submit<'_, J, K> {
    type Output = Submitted<J, K::Value>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { seeker, key, job, kind } = &mut *self;
        assert!(job.is_some(), "a submit was polled after it had ended");
        if key.is_none() && !seeker.waits() {
            if let Some(handle) = kind.put_at_once(seeker.pool(), job) {
                return Poll::Ready(Ok(handle));
            }
        }
        let admitted = ready!(seeker.poll(key.as_ref(), cx));
        let Some(job) = job.take() else { unreachable!("it was there before the wait") };
        Poll::Ready(finish(seeker.pool(), admitted, key.take(), job, kind))
    }
}

/// Submits a job, if there is room for it now.
pub(super) fn submit_now<J, K: Kind<J>>(pool: &Arc<Shared>, job: J, kind: &K) -> Submitted<J, K::Value> {
    let mut job = Some(job);
    if let Some(handle) = kind.put_at_once(pool, &mut job) {
        return Ok(handle);
    }
    let Some(job) = job else { unreachable!("what was not put in stays here") };
    finish(pool, pool.admit(None), None, job, kind)
}

/// Submits a job once there is room for it, but waits no longer than `time`.
pub(super) async fn within<J, K: Kind<J>>(time: Duration, mut submit: Submit<'_, J, K>) -> Submitted<J, K::Value> {
    // Without a timer for those who need not wait.
    if let Poll::Ready(done) = poll_fn(|cx| Poll::Ready(Pin::new(&mut submit).poll(cx))).await {
        return done;
    }
    match tokio::time::timeout(time, &mut submit).await {
        Ok(done) => done,
        Err(_) => {
            let Submit { seeker, job, .. } = submit;
            let Some(job) = job else { unreachable!("it was neither put in nor handed back") };
            Err(reject(seeker.pool(), SubmitErrorKind::TimedOut, job))
        }
    }
}

/// Puts a job in, if it was admitted.
#[inline]
fn finish<J, K: Kind<J>>(
    pool: &Arc<Shared>,
    admitted: Result<(), SubmitErrorKind>,
    key: Option<Arc<str>>,
    job: J,
    kind: &K,
) -> Submitted<J, K::Value> {
    match admitted {
        Ok(()) => Ok(kind.put(pool, key, job)),
        Err(why) => Err(reject(pool, why, job)),
    }
}

/// Counts a job that is handed back.
fn reject<J>(pool: &Shared, why: SubmitErrorKind, job: J) -> SubmitError<J> {
    pool.reject();
    SubmitError::new(why, job)
}

/// Futures, and where they are submitted.
struct Futures(&'static Location<'static>);

impl Futures {
    fn start<F>(&self) -> Start {
        Start::typed_at(type_name::<F>, Policy::Log, self.0)
    }
}

impl<F> Kind<F> for Futures
where
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    type Value = ValueOf<F>;

    fn put(&self, pool: &Arc<Shared>, key: Option<Arc<str>>, job: F) -> Handle<ValueOf<F>> {
        put_as(pool, &self.start::<F>(), Flags::ON_RUNTIME, key, |slot| Task::<Fallible, F>::new(slot, job))
    }

    #[inline]
    fn put_at_once(&self, pool: &Arc<Shared>, job: &mut Option<F>) -> Option<Handle<ValueOf<F>>> {
        // No span must be seen of a job that is not taken in the end.
        if !pool.has_room() || birth::inherits(current::slot()) {
            return None;
        }
        let start = self.start::<F>();
        let flags = Flags::ON_RUNTIME.with(Flags::QUEUED);
        let born = birth::begin_job(start.origin(), start.policy, flags, current::slot());
        // The job is moved when its place is there, and so only once.
        let (body, awaited) =
            JobBody::boxed(born.slot, || job.take().map(|job| Task::<Fallible, F>::new(born.slot, job)));
        let Err(mut refused) = pool.admit_and_put(born.identity.id(), born.slot, body) else {
            return Some(Handle::of_job(awaited, born.identity, pool.mark));
        };
        // Somebody was faster, or the pool was just closed.
        *job = refused.take_routine().and_then(Task::into_body);
        life::take_back(born.slot);
        None
    }
}

/// Puts a job in that was admitted, whose routine is made with its slot.
pub(super) fn put_as<R, T>(
    pool: &Arc<Shared>,
    start: &Start,
    flags: Flags,
    key: Option<Arc<str>>,
    routine: impl FnOnce(&'static Slot) -> R,
) -> Handle<T>
where
    R: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let born = birth::begin_job(start.origin(), start.policy, flags.with(Flags::QUEUED), current::slot());
    let (body, awaited) = JobBody::boxed(born.slot, || Some(routine(born.slot)));
    pool.put(Job { id: born.identity.id(), slot: born.slot, body: Box::into_pin(body), key, places: 1 });
    Handle::of_job(awaited, born.identity, pool.mark)
}
