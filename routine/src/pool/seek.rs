//! Whoever wants to submit a job, until it is admitted.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::SubmitErrorKind;
use super::shared::{Shared, wake_one};
use super::state::Phase;
use crate::current;
use crate::panic;

/// Waits for its admission, once it was polled, until it is dropped. Dropped before, it has taken no place.
pub(super) struct Seeker<'a> {
    pool: &'a Arc<Shared>,
    /// Of its place among those who wait for room; 0 as long as it waits for none.
    ticket: u64,
}

impl<'a> Seeker<'a> {
    pub(super) const fn new(pool: &'a Arc<Shared>) -> Self {
        Self { pool, ticket: 0 }
    }

    pub(super) const fn pool(&self) -> &'a Arc<Shared> {
        self.pool
    }

    /// Whether it has its turn among those who wait for room.
    pub(super) const fn waits(&self) -> bool {
        self.ticket != 0
    }

    /// Admits a job, now or when there is room.
    #[inline]
    pub(super) fn poll(&mut self, key: Option<&Arc<str>>, cx: &Context<'_>) -> Poll<Result<(), SubmitErrorKind>> {
        if self.ticket == 0 {
            match self.pool.admit(key) {
                Err(SubmitErrorKind::Full) => {}
                done => return Poll::Ready(done),
            }
        }
        self.poll_place(key, cx)
    }

    #[cold]
    #[inline(never)]
    fn poll_place(&mut self, key: Option<&Arc<str>>, cx: &Context<'_>) -> Poll<Result<(), SubmitErrorKind>> {
        if self.ticket == 0 {
            if current::slot().is_some_and(|slot| self.pool.runs(slot.routine())) {
                return Poll::Ready(Err(SubmitErrorKind::OwnPool));
            }
            let waker = cx.waker().clone();
            let mut state = self.pool.state();
            let admitted = state.admit(key);
            if admitted == Err(SubmitErrorKind::Full) {
                self.ticket = state.room.seek(waker);
                return Poll::Pending;
            }
            drop(state);
            // What was admitted must not be lost by a waker that panics.
            panic::swallow(|| drop(waker));
            return Poll::Ready(admitted);
        }
        let waker = cx.waker().clone();
        let mut state = self.pool.state();
        let (waits, old) = state.room.still_seeks(self.ticket, waker);
        if waits {
            drop(state);
            drop(old);
            return Poll::Pending;
        }
        // From here on the place, if there is one, is the job's or given back.
        self.ticket = 0;
        let admitted = state.admit_to_place(key);
        let next = if admitted == Err(SubmitErrorKind::InFlight) { state.room.give() } else { None };
        drop(state);
        panic::swallow(|| drop(old));
        wake_one(next);
        Poll::Ready(admitted)
    }
}

impl Drop for Seeker<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.ticket != 0 {
            self.pool.stop_seeking(self.ticket);
        }
    }
}

impl Shared {
    /// Admits a job, if there is room.
    #[inline]
    pub(super) fn admit(&self, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
        self.state().admit(key)
    }

    /// One who waited for room does so no more, and goes without the place that it may have been given.
    #[cold]
    fn stop_seeking(&self, ticket: u64) {
        let mut state = self.state();
        let own = state.room.leave(ticket);
        let next = if own.is_none() && state.phase == Phase::Open { state.room.give() } else { None };
        drop(state);
        panic::swallow(|| drop(own));
        wake_one(next);
    }
}
