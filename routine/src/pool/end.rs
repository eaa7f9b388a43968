//! The end of a pool: it takes no more jobs, is drained, or is ended with what is left.

use std::mem;
use std::pin::pin;
use std::sync::Weak;
use std::task::Waker;

use super::shared::{Shared, wake};
use super::state::{Item, Phase};
use crate::panic;
use crate::shutdown;
use crate::sync::Ordering;

impl Shared {
    /// Takes no more jobs, and wakes those who wait to submit one; nor do the shares.
    pub(super) fn refuse(&self) {
        let mut state = self.state();
        state.phase = state.phase.max(Phase::Closed);
        self.closed.store(true, Ordering::Release);
        let seekers = state.room.close();
        let shares: Vec<_> = state.shares.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        wake(seekers);
        for share in shares {
            share.refuse();
        }
        self.root().let_go();
    }

    /// Lets the workers go of a pool that takes no more jobs and has none.
    pub(super) fn let_go(&self) {
        let mut state = self.state();
        let wakers: Vec<_> = if state.phase == Phase::Open { Vec::new() } else { state.dismiss_all() };
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until no job is left, here and in the shares.
    pub(super) async fn drained(&self) {
        let shares: Vec<_> = self.state().shares.iter().filter_map(Weak::upgrade).collect();
        for share in shares {
            Box::pin(share.drained()).await;
        }
        let mut drained = pin!(self.drained.notified());
        loop {
            // Before the look, so that nothing is missed between it and the wait.
            drained.as_mut().enable();
            if self.state().live == 0 {
                return;
            }
            drained.as_mut().await;
            drained.set(self.drained.notified());
        }
    }

    /// Ends the pool: what waits is dropped, what runs ends at its next await, and the workers go.
    pub(super) fn kill(&self) {
        self.refuse();
        let mut state = self.state();
        if state.phase != Phase::Killed && shutdown::ends_pools(self.phase) {
            self.ended_by_shutdown.store(true, Ordering::Release);
        }
        state.phase = Phase::Killed;
        self.killed.store(true, Ordering::Release);
        let queue = mem::take(&mut state.queue);
        state.waiting = 0;
        // Those that are idle are to go; those that run a job look at once whether that is to end.
        drop(state.dismiss_all());
        let shares: Vec<_> = state.shares.iter().filter_map(Weak::upgrade).collect();
        let wakers = if state.is_share { Vec::new() } else { state.wakers() };
        drop(state);
        self.ask_threads();
        for item in queue {
            if let Item::Job(job) = item {
                self.end_undone(job, self.why_killed());
            }
        }
        for share in shares {
            share.kill();
        }
        wakers.into_iter().for_each(Waker::wake);
        if let Some(parent) = &self.parent {
            // Those that run its jobs are among them, and look at once whether they are to end.
            let wakers = parent.state().wakers();
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// Asks those jobs to stop that run on threads, since nothing else can.
    fn ask_threads(&self) {
        if !self.runs_on_threads() {
            return;
        }
        let jobs = self.left().0;
        let root = self.root().state();
        let running = root.workers.iter().filter(|worker| jobs.contains(&worker.job));
        let slots: Vec<_> = running.filter_map(|worker| Some((worker.slot?, worker.job))).collect();
        drop(root);
        for token in slots.into_iter().filter_map(|(slot, job)| slot.cancel(job)) {
            panic::swallow(|| token.cancel());
        }
    }

    /// The jobs that are here and in the shares, to be told by name: those that run, and those that wait.
    pub(super) fn left(&self) -> (Vec<u64>, Vec<u64>) {
        let state = self.state();
        let (running, mut waiting) = state.left();
        let shares: Vec<_> = state.shares.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        // What runs of them runs on these workers.
        for share in shares {
            waiting.extend(share.state().left().1);
        }
        (running, waiting)
    }
}
