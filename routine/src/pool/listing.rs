//! The pools that there are.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::shared::Shared;
use super::stats::PoolStats;
use crate::text;

/// In the order in which they were made. A pool is taken out by its own end. Under this lock no other is taken, and no pool dropped.
static POOLS: Mutex<Vec<Listed>> = Mutex::new(Vec::new());

/// What a handle keeps of a pool: all that it has room for. Pools may have the same; whoever looks for a job asks all that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PoolMark(u16);

impl PoolMark {
    /// For a new pool.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

struct Listed {
    pool: Weak<Shared>,
    mark: PoolMark,
    is_shown: bool,
}

impl Listed {
    fn is(&self, pool: &Shared) -> bool {
        std::ptr::eq(self.pool.as_ptr(), pool)
    }
}

/// A pool, as a [`Snapshot`](crate::Snapshot) saw it.
#[derive(Clone, Debug)]
pub struct PoolRow {
    name: Cow<'static, str>,
    share_of: Option<Cow<'static, str>>,
    stats: PoolStats,
}

impl PoolRow {
    fn of(pool: &Shared) -> Self {
        let share_of = pool.parent.as_ref().map(|parent| parent.name().clone());
        Self { name: pool.name().clone(), share_of, stats: pool.stats() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the pool that it is a share of.
    #[must_use]
    pub fn share_of(&self) -> Option<&str> {
        self.share_of.as_deref()
    }

    /// What it had done.
    #[must_use]
    pub const fn stats(&self) -> &PoolStats {
        &self.stats
    }
}

impl fmt::Display for PoolRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pool `{}`", text::clean(&self.name, text::NAME))?;
        if let Some(pool) = &self.share_of {
            write!(f, ", a share of `{}`", text::clean(pool, text::NAME))?;
        }
        let PoolStats { running, workers, waiting, submitted, rejected, .. } = self.stats;
        write!(
            f,
            ": {running} running of {workers} at most, {waiting} waiting, {submitted} submitted, {rejected} rejected"
        )
    }
}

pub(super) fn add(pool: &Arc<Shared>) {
    list().push(Listed { pool: Arc::downgrade(pool), mark: pool.mark, is_shown: true });
}

/// Nobody holds the pool any more, but what still runs in it.
pub(super) fn hide(pool: &Shared) {
    if let Some(listed) = list().iter_mut().find(|listed| listed.is(pool)) {
        listed.is_shown = false;
    }
}

pub(super) fn remove(pool: &Shared) {
    list().retain(|listed| !listed.is(pool));
}

/// The pools of that mark, as long as something is left of them.
fn marked(mark: PoolMark) -> Vec<Arc<Shared>> {
    list().iter().filter(|listed| listed.mark == mark).filter_map(|listed| listed.pool.upgrade()).collect()
}

/// The pools that there are, in the order in which they were made.
pub(crate) fn rows() -> Vec<PoolRow> {
    shown().iter().map(|pool| PoolRow::of(pool)).collect()
}

/// Closes the pools of a phase of the shutdown, and of those before it; what they have taken they run.
pub(crate) fn ask_to_close(phase: u8) {
    for pool in of_phase(phase) {
        pool.refuse();
        pool.resume_all();
    }
}

/// The numbers of the jobs of the pools of a phase of the shutdown, and of those before it.
pub(crate) fn jobs(phase: u8) -> Vec<u64> {
    let left = of_phase(phase).into_iter().map(|pool| pool.left());
    left.flat_map(|(running, waiting)| running.into_iter().chain(waiting)).collect()
}

/// Ends the jobs of the pools of a phase of the shutdown, and of those before it.
pub(crate) fn kill(phase: u8) {
    for pool in of_phase(phase) {
        pool.kill();
    }
}

fn of_phase(phase: u8) -> Vec<Arc<Shared>> {
    shown().into_iter().filter(|pool| pool.phase <= phase).collect()
}

fn shown() -> Vec<Arc<Shared>> {
    list().iter().filter(|listed| listed.is_shown).filter_map(|listed| listed.pool.upgrade()).collect()
}

fn list() -> MutexGuard<'static, Vec<Listed>> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a job by hand that was given to a pool of that mark, as [`Handle::abort`](crate::Handle::abort) says.
pub(crate) fn abort(mark: PoolMark, id: u64) {
    for pool in marked(mark) {
        pool.abort(id);
        if pool.runs_on_threads() {
            pool.cancel(id);
        }
    }
}

/// Asks a job to stop that was given to a pool of that mark.
pub(crate) fn cancel(mark: PoolMark, id: u64) {
    for pool in marked(mark) {
        pool.cancel(id);
    }
}
