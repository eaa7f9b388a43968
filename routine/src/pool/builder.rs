//! What a pool is made with.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use tokio::runtime;

use super::shared::Shared;
use super::{BlockingPool, Pool};

/// Jobs that wait, where nobody says how many.
const QUEUE: usize = 1_024;

/// A pool with options, made by [`Pool::builder`].
#[must_use = "a builder makes no pool until `build` is called"]
#[derive(Clone, Debug)]
pub struct PoolBuilder {
    name: Cow<'static, str>,
    workers: Option<usize>,
    queue: usize,
}

impl PoolBuilder {
    /// Workers of a pool, and jobs in its queue, at most.
    pub const MOST: usize = 1 << 24;

    pub(super) const fn new(name: Cow<'static, str>) -> Self {
        Self { name, workers: None, queue: QUEUE }
    }

    /// Jobs that run at once, at most. As many as the machine has cores, unless this says otherwise.
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Jobs that wait for a worker, at most: 1,024 unless this says otherwise. With 0 a job is taken only by a worker that is
    /// free.
    pub const fn queue(mut self, queue: usize) -> Self {
        self.queue = queue;
        self
    }

    /// Makes the pool. Its workers are tasks of the runtime that is current, made when they are first needed.
    ///
    /// # Errors
    /// Outside a tokio runtime, with no worker, and with more workers or a longer queue than [`MOST`](Self::MOST).
    pub fn build(self) -> Result<Pool, InvalidPool> {
        Ok(Pool::of(self.make(false)?, None))
    }

    /// Makes a pool for work that blocks a thread: files, processes, computation. Its workers are threads of its own, made when
    /// they are first needed, and named after it; so it never takes a thread from
    /// [`spawn_blocking`](tokio::task::spawn_blocking), nor waits for one.
    ///
    /// Where the system gives it no more threads, jobs wait for those that it has, and each job that is submitted tries again.
    /// A pool that gets not even one is over: its jobs are cancelled, and it takes no more.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_blocking(self) -> Result<BlockingPool, InvalidPool> {
        Ok(BlockingPool::of(Pool::of(self.make(true)?, None)))
    }

    fn make(self, threads: bool) -> Result<Arc<Shared>, InvalidPool> {
        let workers =
            self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
        check_workers(workers)?;
        if self.queue > Self::MOST {
            return Err(InvalidPool(Invalid::Queue(self.queue)));
        }
        let runtime = runtime::Handle::try_current().map_err(|_| InvalidPool(Invalid::NoRuntime))?;
        Ok(Shared::new(self.name, workers, self.queue, runtime, threads))
    }
}

pub(super) fn share(parent: &Arc<Shared>, name: Cow<'static, str>, workers: usize) -> Result<Arc<Shared>, InvalidPool> {
    check_workers(workers)?;
    if parent.is_share() {
        return Err(InvalidPool(Invalid::ShareOfShare));
    }
    Ok(Shared::share(parent, name, workers))
}

pub(super) fn check_workers(workers: usize) -> Result<(), InvalidPool> {
    match workers {
        0 => Err(InvalidPool(Invalid::NoWorker)),
        workers if workers > PoolBuilder::MOST => Err(InvalidPool(Invalid::Workers(workers))),
        _ => Ok(()),
    }
}

/// A pool that could not be.
#[derive(Debug)]
pub struct InvalidPool(Invalid);

#[derive(Debug)]
enum Invalid {
    NoWorker,
    Workers(usize),
    Queue(usize),
    NoRuntime,
    ShareOfShare,
}

impl fmt::Display for InvalidPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = PoolBuilder::MOST;
        match self.0 {
            Invalid::NoWorker => f.write_str("a pool without a worker would never run anything: give it at least 1"),
            Invalid::Workers(workers) => write!(f, "a pool cannot have {workers} workers: give it at most {most}"),
            Invalid::Queue(queue) => write!(f, "a pool cannot have a queue of {queue} jobs: give it at most {most}"),
            Invalid::ShareOfShare => f.write_str("a share has no shares: take them from the pool itself"),
            Invalid::NoRuntime => f.write_str("no tokio runtime here: build the pool inside one"),
        }
    }
}

impl StdError for InvalidPool {}
