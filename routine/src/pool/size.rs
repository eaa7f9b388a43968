//! How many jobs run at once: a pool that grows, shrinks, pauses and resumes.

use std::mem;
use std::sync::{Arc, Weak};
use std::task::Waker;

use super::shared::{Shared, wake};

impl Shared {
    pub(super) fn pause(&self) {
        self.state().is_paused = true;
    }

    pub(super) fn resume(self: &Arc<Self>) {
        let mut state = self.state();
        state.is_paused = false;
        state.try_again();
        drop(state);
        self.dispatch_all();
    }

    /// Resumes the pool and its shares.
    pub(super) fn resume_all(self: &Arc<Self>) {
        let shares: Vec<_> = self.state().shares.iter().filter_map(Weak::upgrade).collect();
        for pool in shares.iter().chain([self]) {
            pool.resume();
        }
    }

    /// Sends off all turns that something waits for.
    pub(super) fn dispatch_all(self: &Arc<Self>) {
        loop {
            let dispatch = self.state().dispatch();
            if dispatch.is_none() {
                return;
            }
            self.follow(dispatch);
        }
    }

    pub(super) fn resize(self: &Arc<Self>, workers: usize) {
        let mut state = self.state();
        let before = mem::replace(&mut state.limit, workers);
        state.room.shrink(before.saturating_sub(workers));
        let seekers = state.room.grow(workers.saturating_sub(before));
        state.try_again();
        let wakers = state.dismiss_all();
        drop(state);
        wake(seekers);
        wakers.into_iter().for_each(Waker::wake);
        self.dispatch_all();
    }
}
