//! Workers and their turns: the next job for whoever holds one, and what is told of the last.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::run::{Ended, Run};
use super::shared::{Shared, wake_one};
use super::state::{Item, Job, State};
use crate::clock;
use crate::sync::MutexGuard;

/// What a worker is, between two looks at its pool.
pub(super) struct Stance {
    worker: usize,
    /// The job that it runs, or has run since it looked.
    run: Run,
    /// Whether the end of the job before is still to be told. That may wait as long as the worker has another job of its own
    /// pool, which is told after it: one step under the lock that is taken anyway.
    is_untold: bool,
}

impl Stance {
    pub(super) const fn with_a_turn(worker: usize) -> Self {
        Self { worker, run: Run::none(), is_untold: false }
    }

    /// Runs the job on. Ready once it has ended.
    pub(super) fn poll_job(&mut self, pool: &Shared, cx: &mut Context<'_>) -> Poll<()> {
        self.run.poll(pool, cx)
    }
}

impl Shared {
    /// For a worker, which has a turn or waits for one: looks for its next job, and tells of the last, of which its pool hears
    /// first. Whether there is a job; if not, it is to go.
    pub(super) fn poll_run(self: &Arc<Self>, stance: &mut Stance, cx: &Context<'_>) -> Poll<bool> {
        // One job ends as the next begins.
        let now = clock::coarse();
        let (state, seeker) = self.after(stance, now);
        let ended = stance.run.end();
        let known = &state.workers[stance.worker];
        let next = if known.is_idle {
            drop(state);
            Poll::Pending
        } else if known.is_surplus {
            drop(state);
            Poll::Ready(false)
        } else {
            self.take(state, stance, cx, now)
        };
        wake_one(seeker);
        if let Some(ended) = ended {
            self.hand_over(stance, ended);
        }
        next
    }

    /// For a worker that holds a turn: begins what is next in the queue; without that its turn has gone back.
    fn take<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        stance: &mut Stance,
        cx: &Context<'_>,
        now: u64,
    ) -> Poll<bool> {
        loop {
            match state.take() {
                // Word by word: as a whole it would be copied three times on its way.
                Some(Item::Job(Job { id, slot, body, key, places })) => {
                    state.waiting -= 1;
                    state.occupy(stance.worker, id, slot, cx.waker());
                    drop(state);
                    stance.run.begin(Job { id, slot, body, key, places }, None, now);
                    return Poll::Ready(true);
                }
                Some(Item::Turn(share)) => {
                    // One lock at a time.
                    drop(state);
                    let Some(job) = share.take_job() else {
                        // It may be the last of the share.
                        drop(share);
                        state = self.state();
                        continue;
                    };
                    state = self.state();
                    state.occupy(stance.worker, job.id, job.slot, cx.waker());
                    drop(state);
                    // While the share was asked, this turn looked as if it were on its way to what was put in meanwhile.
                    self.dispatch_all();
                    stance.run.begin(job, Some(share), now);
                    return Poll::Ready(true);
                }
                None if state.has_too_many() => return Poll::Ready(false),
                None => {
                    state.push_idle(stance.worker, cx.waker());
                    return Poll::Pending;
                }
            }
        }
    }

    /// Tells the pools of the job that a worker has run, if it has. Gives who has its place now.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn after(self: &Arc<Self>, stance: &mut Stance, now: u64) -> (MutexGuard<'_, State>, Option<Waker>) {
        let run = &stance.run;
        if !run.is_there() {
            return (self.state(), None);
        }
        if let Some(share) = &run.share {
            share.end_turn(run, now);
        }
        let mut state = self.state();
        state.live -= usize::from(mem::take(&mut stance.is_untold));
        state.running -= 1;
        state.workers[stance.worker].job = 0;
        state.forget(run.id);
        let seeker = if run.share.is_none() { state.end(run, now) } else { None };
        (state, seeker)
    }

    /// Hands over what a job ended in. From here on whoever waits for the pool to be drained need not wait for it.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn hand_over(self: &Arc<Self>, stance: &mut Stance, ended: Ended) {
        let next = &stance.run;
        match ended.publish() {
            Some(share) => share.told(),
            None if next.is_there() && next.share.is_none() => stance.is_untold = true,
            None => self.told(),
        }
    }

    /// For a share whose turn has come: the job.
    fn take_job(&self) -> Option<Job> {
        let mut state = self.state();
        match state.take() {
            Some(Item::Job(job)) => {
                state.waiting -= 1;
                state.running += 1;
                state.jobs.push((job.id, job.slot));
                Some(job)
            }
            Some(Item::Turn(_)) => unreachable!("a share has no shares"),
            None => None,
        }
    }

    /// For a share: the job of a turn has ended. The next one waits for its own turn, behind what waits in the parent.
    fn end_turn(self: &Arc<Self>, ended: &Run, now: u64) {
        let mut state = self.state();
        state.running -= 1;
        state.give_back(ended.id);
        state.forget(ended.id);
        let seeker = state.end(ended, now);
        let dispatch = state.dispatch();
        drop(state);
        wake_one(seeker);
        self.follow(dispatch);
    }

    /// A worker has got no thread. Whether there are others, who take what it was made for; else the pool is over.
    pub(super) fn forgo(self: &Arc<Self>, stance: &Stance) -> bool {
        let mut state = self.state();
        let is_forgone = state.forgo(stance.worker);
        // Who went idle meanwhile thought that this one would come to what was put in since.
        let dispatch = if is_forgone { state.dispatch() } else { None };
        drop(state);
        self.follow(dispatch);
        is_forgone
    }

    /// For a worker that goes on later: tells of the job that it has run.
    pub(super) fn settle(self: &Arc<Self>, stance: &mut Stance) {
        self.tell(stance, |_, _| ());
    }

    /// A worker is gone, and so is the job that it may have run.
    pub(super) fn leave(self: &Arc<Self>, stance: &mut Stance) {
        stance.run.cancel(self);
        self.tell(stance, State::remove_worker);
    }

    /// Tells of the job that a worker has run, if it has, and does something more under the lock.
    fn tell(self: &Arc<Self>, stance: &mut Stance, more: impl FnOnce(&mut State, usize)) {
        let (mut state, seeker) = self.after(stance, clock::coarse());
        more(&mut state, stance.worker);
        drop(state);
        wake_one(seeker);
        if let Some(ended) = stance.run.end() {
            self.hand_over(stance, ended);
        }
    }
}
