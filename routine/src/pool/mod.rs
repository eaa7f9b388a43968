//! A long-lived, bounded place for jobs.
//!
//! [`Pool`] runs futures on a fixed number of workers, [`BlockingPool`] closures on threads of its own. Jobs wait in a queue
//! that is bounded; whoever submits waits for room, or gets the job back. Every job is a routine: it has a trace, hooks, an
//! entry in the registry, and is counted once.

mod blocking;
mod builder;
mod close;
mod end;
mod error;
mod job;
mod listing;
mod map;
#[cfg(all(test, routine_loom))]
mod models;
mod ring;
mod room;
mod run;
mod seek;
mod shared;
mod size;
mod state;
mod stats;
mod submit;
#[cfg(all(test, not(routine_loom)))]
mod tests;
mod turns;
mod under_way;
mod worker;

use std::fmt;
use std::sync::Arc;

pub use blocking::{BlockingPool, Closure};
pub use builder::{InvalidPool, PoolBuilder};
pub use close::{Left, NotClosed};
pub use error::{SubmitError, SubmitErrorKind};
pub(crate) use job::Awaited;
pub use listing::PoolRow;
pub(crate) use listing::{PoolMark, abort, ask_to_close, cancel, jobs, kill, rows};
pub use map::PoolMap;
pub use stats::{PoolStats, Spent};

use shared::Shared;

/// A long-lived, bounded place for jobs: so many workers, so many jobs that wait for one.
///
/// ```
/// use routine::Pool;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let thumbnails = Pool::builder("thumbnails").workers(4).queue(256).build()?;
/// let size = thumbnails.submit(async { Ok::<_, std::io::Error>(128) }).await?;
/// assert_eq!(size.await?, 128);
/// thumbnails.close().await;
/// # Ok(())
/// # }
/// ```
///
/// A worker runs one job at a time, from its start to its end, and takes the jobs in the order in which they were submitted.
/// A job that fails, panics or is aborted costs no worker. Its failure is reported when it happens, as
/// [`go`](crate::go) does it; what it gives, and why not, is its [`Handle`](crate::Handle)'s.
///
/// Clones are the same pool. Dropping the last of them, and of its [shares](Self::share), ends the pool: jobs that wait and jobs
/// that run are cancelled, each counted; a drop cannot wait for that, [`close`](Self::close) does. So does the end of the
/// runtime on which the pool was built.
///
/// # What is not promised
/// A job may submit to its own pool, but must not wait there for what only another worker can do: awaiting a job's handle inside
/// a job of the same pool waits for ever once all workers do so. Nor must it await the pool's [`close`](Self::close), which waits
/// for the job.
#[derive(Clone)]
pub struct Pool {
    owner: Arc<Owner>,
}

/// What ends a pool when it goes.
struct Owner {
    shared: Arc<Shared>,
    /// The pool that this is a share of.
    _parent: Option<Arc<Owner>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        listing::hide(&self.shared);
        self.shared.kill();
    }
}

impl Pool {
    /// A pool with options.
    pub fn builder(name: impl Into<std::borrow::Cow<'static, str>>) -> PoolBuilder {
        PoolBuilder::new(name.into())
    }

    fn of(shared: Arc<Shared>, parent: Option<Arc<Owner>>) -> Self {
        listing::add(&shared);
        Self { owner: Arc::new(Owner { shared, _parent: parent }) }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.owner.shared
    }

    /// The name that it was built with.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shared().name()
    }

    /// A part of this pool, with a queue of its own as long as this one's: its jobs run on this pool's workers, `workers` at
    /// once at most, in turn with the other jobs. So one tenant cannot take all workers, nor fill another's queue.
    ///
    /// Pausing, closing or dropping all clones of a share concerns the share alone. The end of this pool is also the end of its
    /// shares; but a share keeps its pool alive, so that dropping all clones of the pool itself ends nothing while there is one.
    ///
    /// # Errors
    /// With no worker, or more than [`PoolBuilder::MOST`]; and of a share.
    pub fn share(&self, name: impl Into<std::borrow::Cow<'static, str>>, workers: usize) -> Result<Self, InvalidPool> {
        let shared = builder::share(self.shared(), name.into(), workers)?;
        Ok(Self::of(shared, Some(Arc::clone(&self.owner))))
    }

    /// Changes how many jobs run at once, and returns at once. With more, jobs that wait start now; with fewer, no running job
    /// is stopped: a worker goes when its job has ended.
    ///
    /// # Errors
    /// With no worker, or more than [`PoolBuilder::MOST`].
    pub fn resize(&self, workers: usize) -> Result<(), InvalidPool> {
        builder::check_workers(workers)?;
        self.shared().resize(workers);
        Ok(())
    }

    /// Starts no more jobs until [`resume`](Self::resume). Those that run go on, and the queue still takes jobs while it has
    /// room.
    pub fn pause(&self) {
        self.shared().pause();
    }

    /// Starts jobs again after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.shared().resume();
    }

    /// What the pool has done until now.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        self.shared().stats()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("name", &self.name()).field("stats", &self.stats()).finish()
    }
}
