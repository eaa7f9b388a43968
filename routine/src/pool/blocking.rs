//! A pool for work that blocks a thread.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::shared::Shared;
use super::submit::{self, Kind, Submit};
use super::{InvalidPool, NotClosed, Pool, PoolMap, PoolStats, SubmitError};
use crate::blocking::Job;
use crate::group::Items;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::registry::Flags;
use crate::start::Start;
use crate::task::Fallible;

/// A [`Pool`] of threads of its own, for closures that block: files, processes, computation. Made by
/// [`PoolBuilder::build_blocking`](super::PoolBuilder::build_blocking).
///
/// It has the same shape, and the same promises, but for two:
///
/// - A closure that runs cannot be stopped from outside. To abort it turns [`is_cancelled`](crate::is_cancelled) inside it, and so
///   does the end of the pool; its handle gives what it ends in.
/// - It does not end with the runtime on which it was built, nor does that runtime wait for it. The pool goes on to take jobs; what
///   they start on that runtime is cancelled.
///
/// Its threads end when they have nothing left to do and the pool is closed, or its last handle is gone.
///
/// ```
/// use routine::Pool;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let disk = Pool::builder("disk").workers(2).build_blocking()?;
/// let size = disk.submit(|| std::fs::metadata(".").map(|metadata| metadata.len())).await?;
/// assert!(size.await.is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BlockingPool {
    pool: Pool,
}

impl BlockingPool {
    pub(super) const fn of(pool: Pool) -> Self {
        Self { pool }
    }

    /// Submits a job, and waits for room if there is none; see [`Pool::submit`].
    ///
    /// # Errors
    /// As [`Pool::submit`].
    ///
    /// # Cancel safety
    /// As [`Pool::submit`].
    #[track_caller]
    pub fn submit<W, R>(&self, job: W) -> impl Future<Output = Result<Handle<R::Value>, SubmitError<W>>> + use<'_, W, R>
    where
        W: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        Submit::new(self.shared(), None, job, Closures(Location::caller()))
    }

    /// Submits a job, if there is room; see [`Pool::try_submit`].
    ///
    /// # Errors
    /// As [`Pool::try_submit`].
    #[track_caller]
    pub fn try_submit<W, R>(&self, job: W) -> Result<Handle<R::Value>, SubmitError<W>>
    where
        W: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        submit::submit_now(self.shared(), job, &Closures(Location::caller()))
    }

    /// Submits a job, and waits for room, but not longer than `time`; see [`Pool::submit_within`].
    ///
    /// # Errors
    /// As [`Pool::submit_within`].
    ///
    /// # Panics
    /// As [`Pool::submit_within`].
    ///
    /// # Cancel safety
    /// As [`Pool::submit`].
    #[track_caller]
    pub fn submit_within<W, R>(
        &self,
        time: Duration,
        job: W,
    ) -> impl Future<Output = Result<Handle<R::Value>, SubmitError<W>>> + use<'_, W, R>
    where
        W: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        submit::within(time, Submit::new(self.shared(), None, job, Closures(Location::caller())))
    }

    /// Submits a job, unless one of that key waits or runs; see [`Pool::submit_unique`].
    ///
    /// # Errors
    /// As [`Pool::submit_unique`].
    ///
    /// # Cancel safety
    /// As [`Pool::submit`].
    #[track_caller]
    pub fn submit_unique<W, R>(
        &self,
        key: impl Into<Arc<str>>,
        job: W,
    ) -> impl Future<Output = Result<Handle<R::Value>, SubmitError<W>>>
    where
        W: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        Submit::new(self.shared(), Some(key.into()), job, Closures(Location::caller()))
    }

    /// Works on each item of an iterator, on the threads of this pool; see [`Pool::map`]. `work` is called with each item and gives
    /// the closure to run.
    ///
    /// Dropping the stream cancels the closures that wait, and turns [`is_cancelled`](crate::is_cancelled) inside those that run.
    // The closure of closures has no name.
    #[allow(clippy::type_complexity)]
    #[track_caller]
    pub fn map<I, W, R, M>(
        &self,
        items: I,
        work: M,
    ) -> PoolMap<Items<I::IntoIter>, impl FnMut(I::Item) -> Closure<W> + use<I, W, R, M>, Closure<W>, R::Value>
    where
        I: IntoIterator,
        M: FnMut(I::Item) -> W,
        W: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        self.map_stream(Items::of(items), work)
    }

    /// [`map`](Self::map) for an input that is a stream: a channel's receiver, the lines of a file.
    // The closure of closures has no name.
    #[allow(clippy::type_complexity)]
    #[track_caller]
    pub fn map_stream<S, W, R, M>(
        &self,
        input: S,
        mut work: M,
    ) -> PoolMap<S, impl FnMut(S::Item) -> Closure<W> + use<S, W, R, M>, Closure<W>, R::Value>
    where
        S: Stream,
        M: FnMut(S::Item) -> W,
        W: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        let start = Start::typed(type_name::<W>, Policy::Log);
        self.pool.map_as(&start, Flags::BLOCKING, input, move |item| Closure(Some(work(item))))
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        self.pool.shared()
    }

    /// The name that it was built with; its threads' names begin with it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.pool.name()
    }

    /// A part of this pool; see [`Pool::share`].
    ///
    /// # Errors
    /// As [`Pool::share`].
    pub fn share(&self, name: impl Into<Cow<'static, str>>, workers: usize) -> Result<Self, InvalidPool> {
        self.pool.share(name, workers).map(Self::of)
    }

    /// Changes how many jobs run at once; see [`Pool::resize`].
    ///
    /// # Errors
    /// As [`Pool::resize`].
    pub fn resize(&self, workers: usize) -> Result<(), InvalidPool> {
        self.pool.resize(workers)
    }

    /// Starts no more jobs until [`resume`](Self::resume); see [`Pool::pause`].
    pub fn pause(&self) {
        self.pool.pause();
    }

    /// Starts jobs again after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.pool.resume();
    }

    /// Takes no more jobs, and waits until those that were taken have ended; see [`Pool::close`].
    ///
    /// # Cancel safety
    /// As [`Pool::close`].
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// [`close`](Self::close) within a time; see [`Pool::close_within`]. A closure that runs is left running.
    ///
    /// # Errors
    /// As [`Pool::close_within`].
    ///
    /// # Panics
    /// As [`Pool::close_within`].
    ///
    /// # Cancel safety
    /// As [`Pool::close`].
    pub async fn close_within(&self, time: Duration) -> Result<(), NotClosed> {
        self.pool.close_within(time).await
    }

    /// What the pool has done until now.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        self.pool.stats()
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingPool").field("name", &self.name()).field("stats", &self.stats()).finish()
    }
}

/// A closure as a future that is ready once it was polled, which blocks the thread meanwhile.
#[derive(Debug)]
pub struct Closure<W>(Option<W>);

// The closure is never pinned.
impl<W> Unpin for Closure<W> {}

impl<W: FnOnce() -> R, R> Future for Closure<W> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        match self.0.take() {
            Some(work) => Poll::Ready(work()),
            None => panic!("a closure was polled after it had run"),
        }
    }
}

/// Closures, and where they are submitted.
struct Closures(&'static Location<'static>);

impl<W, R> Kind<W> for Closures
where
    W: FnOnce() -> R + Send + 'static,
    R: IntoOutcome<Value: Send> + 'static,
{
    type Value = R::Value;

    fn put(&self, pool: &Arc<Shared>, key: Option<Arc<str>>, job: W) -> Handle<R::Value> {
        let start = Start::typed_at(type_name::<W>, Policy::Log, self.0);
        submit::put_as(pool, &start, Flags::BLOCKING, key, |slot| {
            let job = Job::<Fallible, R>::new(slot, Box::new(job));
            async move { job.run() }
        })
    }

    /// Never: once it is boxed it could not be handed back, and what wakes a thread needs no such care.
    fn put_at_once(&self, _: &Arc<Shared>, _: &mut Option<W>) -> Option<Handle<R::Value>> {
        None
    }
}
