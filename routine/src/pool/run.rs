//! The job that a worker runs: from the moment when it was taken out of the queue until what it ended in is handed over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::job::{Body, Undone};
use super::shared::Shared;
use super::state::Job;
use crate::outcome::Outcome;
use crate::panic;
use crate::registry::Flags;
use crate::shutdown;

/// What is to be known of the job when it has ended. A worker has one for all its jobs, which is written over: to move it for
/// each would cost more than to fill it.
pub(super) struct Run {
    /// The number of its routine.
    pub(super) id: u64,
    /// There from its begin to its end.
    body: Option<Pin<Box<dyn Body>>>,
    /// The share that it belongs to; `None` for the worker's own pool.
    pub(super) share: Option<Arc<Shared>>,
    pub(super) key: Option<Arc<str>>,
    pub(super) places: usize,
    pub(super) submitted: u64,
    pub(super) began: u64,
    /// Cancelled, until it has ended otherwise.
    pub(super) outcome: Outcome,
    /// What was asked of the jobs of the pool when the worker looked.
    seen: u32,
}

/// Why a job is to end whose pool asks that of some; `None` for one that is not meant.
#[cold]
#[inline(never)]
fn why_to_end(id: u64, pool: &Shared, own: &Shared) -> Option<Undone> {
    // One that waits for the shutdown outlives its pool.
    let is_over = || (pool.is_killed() || own.is_killed()) && !shutdown::is_exempt(id);
    (own.was_asked(id) || is_over()).then(|| own.why_undone(id))
}

/// A job that has ended, of which its pool has heard.
pub(super) struct Ended {
    body: Pin<Box<dyn Body>>,
    share: Option<Arc<Shared>>,
}

impl Run {
    pub(super) const fn none() -> Self {
        Self {
            id: 0,
            body: None,
            share: None,
            key: None,
            places: 0,
            submitted: 0,
            began: 0,
            outcome: Outcome::Cancelled,
            seen: 0,
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub(super) fn begin(&mut self, job: Job, share: Option<Arc<Shared>>, now: u64) {
        let Job { id, slot, body, key, places } = job;
        slot.remove(Flags::QUEUED);
        self.id = id;
        self.body = Some(body);
        self.share = share;
        self.key = key;
        self.places = places;
        self.submitted = slot.start();
        self.began = now;
        self.outcome = Outcome::Cancelled;
    }

    pub(super) const fn is_there(&self) -> bool {
        self.body.is_some()
    }

    /// Runs on, unless it is to end. Ready once it has ended.
    pub(super) fn poll(&mut self, pool: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        let Some(body) = &mut self.body else { return Poll::Ready(()) };
        let own = self.share.as_deref().unwrap_or(pool);
        let may_be_to_end = pool.is_killed() || own.is_killed() || pool.asks_anew(&mut self.seen);
        let end = if may_be_to_end { why_to_end(self.id, pool, own) } else { None };
        self.outcome = ready!(body.as_mut().poll(end, cx));
        Poll::Ready(())
    }

    /// Drops what is left of it.
    pub(super) fn cancel(&mut self, pool: &Shared) {
        if let Some(body) = &mut self.body {
            let own = self.share.as_deref().unwrap_or(pool);
            panic::swallow(|| body.as_mut().cancel(own.why_undone(self.id)));
        }
    }

    /// It has ended, if it was there.
    #[inline]
    pub(super) fn end(&mut self) -> Option<Ended> {
        let body = self.body.take()?;
        self.key = None;
        Some(Ended { body, share: self.share.take() })
    }
}

impl Ended {
    /// Hands over what it ended in. The share that it belongs to, which is to be told.
    #[inline]
    pub(super) fn publish(self) -> Option<Arc<Shared>> {
        let Self { body, share } = self;
        panic::swallow(|| body.publish());
        share
    }
}
