//! What a map over a pool has begun and not handed over.

use std::collections::VecDeque;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::task::coop;

use super::Pool;
use super::ring::{MapBody, Ring};
use crate::birth;
use crate::current;
use crate::error::Error;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::registry::Flags;

/// Items a worker that are under way, at most, so that a worker finds its next job while the results are looked at.
const AHEAD: usize = 32;

/// Items beyond the workers that are under way, at most, however many workers there are.
const AHEAD_OF_ALL: usize = 4_096;

/// The jobs that were begun and whose results were not handed over.
pub(super) struct UnderWay<F: Future, T> {
    pool: Pool,
    origin: u32,
    flags: Flags,
    ring: Arc<Ring<F, T>>,
    /// Jobs that may be under way; 0 until the pool was asked for its size.
    room: usize,
    begun: usize,
    handed_over: usize,
    /// What was run, to be used again.
    free: Vec<Pin<Box<MapBody<F, T>>>>,
    /// What has ended and was not handed over.
    ended: VecDeque<Pin<Box<MapBody<F, T>>>>,
    /// Made, and not in the pool's queue yet.
    jobs: Vec<Pin<Box<MapBody<F, T>>>>,
    /// When the first of those was made; 0 where there is none.
    time: u64,
}

impl<F, T> UnderWay<F, T>
where
    F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    T: Send + 'static,
{
    /// Whether whoever is polled here is a job of the pool.
    pub(super) fn is_inside(&self) -> bool {
        current::slot().is_some_and(|slot| self.pool.shared().runs(slot.routine()))
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.pool.shared().is_closed()
    }

    /// Whether to pull: some items at a time, since whoever pulls one at a time locks and wakes for each.
    pub(super) fn wants_more(&mut self) -> bool {
        if self.room == 0 {
            self.room = room_of(self.pool.shared().size());
        }
        self.len() <= self.room - self.batch()
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.len() < self.room
    }

    #[inline]
    pub(super) fn begin(&mut self, future: F) {
        let slot = birth::begin_at(self.origin, Policy::Log, self.flags, current::slot(), &mut self.time);
        let mut body = self.free.pop().unwrap_or_else(|| Box::pin(MapBody::new(Arc::clone(&self.ring), slot)));
        body.as_mut().begin(slot, future, self.begun);
        self.begun += 1;
        self.jobs.push(body);
        // As many as were put before: the first begins at once, however slow the input is, and many cost few locks.
        let put = self.len() - self.jobs.len();
        if self.jobs.len() >= put.clamp(1, self.batch()) {
            self.put();
        }
    }

    /// Puts what was begun into the pool's queue.
    #[inline]
    pub(super) fn put(&mut self) {
        if !self.jobs.is_empty() {
            self.room = room_of(self.pool.shared().put_all(self.jobs.drain(..).map(MapBody::into_job)));
            self.time = 0;
        }
    }

    /// The next result of what is under way.
    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let budget = ready!(coop::poll_proceed(cx));
        let mut body = loop {
            match self.ended.pop_front() {
                Some(body) => break body,
                None => ready!(self.ring.poll_ended(&mut self.ended, cx)),
            }
        };
        budget.made_progress();
        let result = body.as_mut().take();
        self.free.push(body);
        self.handed_over += 1;
        Poll::Ready(result)
    }
}

impl<F: Future, T> UnderWay<F, T> {
    pub(super) fn of(pool: Pool, origin: u32, flags: Flags) -> Self {
        let ring = Ring::new(pool.shared().runs_on_threads());
        Self {
            pool,
            origin,
            flags,
            ring,
            room: 0,
            begun: 0,
            handed_over: 0,
            free: Vec::new(),
            ended: VecDeque::new(),
            jobs: Vec::new(),
            time: 0,
        }
    }

    pub(super) const fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(super) fn as_completed(&self) {
        self.ring.as_completed();
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.begun - self.handed_over
    }

    /// Items that are pulled together, once it is on its way.
    const fn batch(&self) -> usize {
        self.room / 8
    }
}

/// Jobs that may be under way in a pool of that size.
fn room_of(workers: usize) -> usize {
    workers.saturating_mul(AHEAD).min(workers.saturating_add(AHEAD_OF_ALL))
}

impl<F: Future, T> Drop for UnderWay<F, T> {
    fn drop(&mut self) {
        self.ring.abandon(mem::take(&mut self.ended));
        self.pool.shared().sweep();
    }
}
