//! Workers and their turns: the next job for whoever holds one, and what is told of the last.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::job::Body;
use super::shared::Shared;
use super::state::{Ended, Item, Job, State};
use crate::clock;
use crate::outcome::Outcome;
use crate::registry::Flags;
use crate::sync::MutexGuard;

/// What a worker is, between two looks at its pool.
pub(super) struct Stance {
    worker: usize,
    /// The job that it runs, or has run since it looked.
    run: Option<Run>,
}

/// What is to be known of a job when it has ended.
struct Run {
    id: u64,
    /// The share that it belongs to; `None` for the worker's own pool.
    share: Option<Arc<Shared>>,
    key: Option<Arc<str>>,
    has_place: bool,
    submitted: u64,
    began: u64,
    /// Cancelled, until it has ended otherwise.
    outcome: Outcome,
}

impl Stance {
    pub(super) const fn with_a_turn(worker: usize) -> Self {
        Self { worker, run: None }
    }

    /// The job has ended.
    pub(super) fn end(&mut self, outcome: Outcome) {
        if let Some(run) = &mut self.run {
            run.outcome = outcome;
        }
    }

    /// The number of the job's routine; 0 where there is none.
    pub(super) fn job(&self) -> u64 {
        self.run.as_ref().map_or(0, |run| run.id)
    }

    /// The share that the job belongs to, if it does.
    pub(super) fn share(&self) -> Option<&Arc<Shared>> {
        self.run.as_ref().and_then(|run| run.share.as_ref())
    }
}

impl Run {
    fn ended(self, now: u64) -> Ended {
        Ended {
            id: self.id,
            key: self.key,
            has_place: self.has_place,
            outcome: self.outcome,
            times: [self.submitted, self.began, now],
        }
    }
}

impl Shared {
    /// For a worker: the next job; `None` once it is to go. It has a turn, or waits for one.
    pub(super) fn poll_run(
        self: &Arc<Self>,
        stance: &mut Stance,
        cx: &Context<'_>,
    ) -> Poll<Option<Pin<Box<dyn Body>>>> {
        // One job ends as the next begins.
        let now = clock::coarse();
        let (mut state, places) = self.after(stance, now);
        let known = &state.workers[stance.worker];
        let taken = if known.is_idle {
            Poll::Pending
        } else if known.is_surplus {
            Poll::Ready(None)
        } else {
            loop {
                match self.take(state, stance, cx) {
                    (locked, ControlFlow::Continue(())) => state = locked,
                    (locked, ControlFlow::Break(taken)) => {
                        state = locked;
                        break taken;
                    }
                }
            }
        };
        drop(state);
        let taken = taken.map(|job| {
            let Job { id, slot, key, has_place, body, share } = job?;
            if share.is_some() {
                // While the share was asked, this turn looked as if it were on its way to what was put in meanwhile.
                self.dispatch_all();
            }
            slot.remove(Flags::QUEUED);
            let submitted = slot.start();
            stance.run = Some(Run { id, share, key, has_place, submitted, began: now, outcome: Outcome::Cancelled });
            Some(body)
        });
        self.free(places);
        taken
    }

    /// For a worker that holds a turn: takes what is next in the queue, which may turn out to be nothing.
    fn take<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        stance: &Stance,
        cx: &Context<'_>,
    ) -> (MutexGuard<'a, State>, ControlFlow<Poll<Option<Job>>>) {
        let job = match state.take() {
            Some(Item::Job(job)) => job,
            Some(Item::Turn(share)) => {
                // One lock at a time.
                drop(state);
                let job = share.take_job();
                state = self.state();
                let Some(job) = job else { return (state, ControlFlow::Continue(())) };
                state.running += 1;
                Job { share: Some(share), ..job }
            }
            None if state.has_too_many() => return (state, ControlFlow::Break(Poll::Ready(None))),
            None => {
                state.push_idle(stance.worker, cx.waker());
                return (state, ControlFlow::Break(Poll::Pending));
            }
        };
        let worker = &mut state.workers[stance.worker];
        worker.job = job.id;
        worker.slot = Some(job.slot);
        worker.see(cx.waker());
        (state, ControlFlow::Break(Poll::Ready(Some(job))))
    }

    /// Tells the pools of the job that a worker has run, if it has.
    fn after(self: &Arc<Self>, stance: &mut Stance, now: u64) -> (MutexGuard<'_, State>, usize) {
        let Some(mut run) = stance.run.take() else { return (self.state(), 0) };
        let share = run.share.take();
        let ended = run.ended(now);
        if let Some(share) = &share {
            share.end_turn(&ended);
        }
        let mut state = self.state();
        state.running -= 1;
        state.workers[stance.worker].job = 0;
        let places = if share.is_none() { state.end(&ended) } else { 0 };
        (state, places)
    }

    /// For a share whose turn has come: the job.
    fn take_job(&self) -> Option<Job> {
        match self.state().take() {
            Some(Item::Job(job)) => Some(job),
            Some(Item::Turn(_)) => unreachable!("a share has no shares"),
            None => None,
        }
    }

    /// For a share: the job of a turn has ended. The next one waits for its own turn, behind what waits in the parent.
    fn end_turn(self: &Arc<Self>, ended: &Ended) {
        let mut state = self.state();
        state.running -= 1;
        state.give_back(ended.id);
        let places = state.end(ended);
        let dispatch = state.dispatch();
        drop(state);
        self.free(places);
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

    /// For a worker that goes on later: tells the pools of the job that it has run.
    pub(super) fn settle(self: &Arc<Self>, stance: &mut Stance) {
        let (state, places) = self.after(stance, clock::coarse());
        drop(state);
        self.free(places);
    }

    /// A worker is gone, and so is the job that it may have run.
    pub(super) fn leave(self: &Arc<Self>, stance: &mut Stance) {
        let share = stance.share().cloned();
        let has_run = stance.run.is_some();
        let (mut state, places) = self.after(stance, clock::coarse());
        state.remove_worker(stance.worker);
        drop(state);
        self.free(places);
        if has_run {
            share.as_ref().unwrap_or(self).told();
        }
    }
}
