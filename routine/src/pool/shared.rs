//! What the handles and workers of a pool share.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use tokio::runtime;
use tokio::sync::Notify;

use super::job::{Body, Undone};
use super::listing::{self, PoolMark};
use super::room::Room;
use super::state::{Dispatch, Item, Job, Phase, State};
use super::stats::PoolStats;
use super::worker;
use crate::current;
use crate::outcome::Outcome;
use crate::panic;
use crate::registry::Slot;
use crate::sync::{AtomicBool, AtomicU32, Mutex, MutexGuard, Ordering, lock};

pub(crate) struct Shared {
    pub(super) mark: PoolMark,
    name: Cow<'static, str>,
    pub(super) parent: Option<Arc<Shared>>,
    runtime: runtime::Handle,
    /// Whether the workers are threads.
    threads: bool,
    /// Whether there is room for a job. A hint, for those who would make a job before they ask.
    pub(super) has_room: Arc<AtomicBool>,
    /// Jobs that may wait.
    queue: usize,
    /// Told when no job is left.
    pub(super) drained: Notify,
    /// As the phase says under the lock, for those who ask often.
    pub(super) closed: AtomicBool,
    pub(super) killed: AtomicBool,
    /// How often jobs that run on these workers were asked to end.
    asks: AtomicU32,
    /// Whether it was the shutdown that did so.
    pub(super) ended_by_shutdown: AtomicBool,
    /// The phase of the shutdown in which it is closed: that of whoever made it.
    pub(super) phase: u8,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(
        name: Cow<'static, str>,
        workers: usize,
        queue: usize,
        runtime: runtime::Handle,
        threads: bool,
    ) -> Arc<Self> {
        let phase = current::slot().map_or(0, Slot::phase);
        Arc::new(Self::of(name, workers, queue, runtime, threads, phase, None))
    }

    pub(super) fn share(parent: &Arc<Self>, name: Cow<'static, str>, workers: usize) -> Arc<Self> {
        let Self { queue, threads, phase, .. } = **parent;
        let runtime = parent.runtime.clone();
        let share = Arc::new(Self::of(name, workers, queue, runtime, threads, phase, Some(Arc::clone(parent))));
        let mut state = parent.state();
        let phase = state.phase;
        state.shares.retain(|share| share.strong_count() > 0);
        state.shares.push(Arc::downgrade(&share));
        drop(state);
        match phase {
            Phase::Open => {}
            Phase::Closed => share.refuse(),
            Phase::Killed => share.kill(),
        }
        share
    }

    fn of(
        name: Cow<'static, str>,
        workers: usize,
        queue: usize,
        runtime: runtime::Handle,
        threads: bool,
        phase: u8,
        parent: Option<Arc<Self>>,
    ) -> Self {
        let has_room = Arc::new(AtomicBool::new(false));
        let room = Room::new(workers + queue, Arc::clone(&has_room));
        Self {
            mark: PoolMark::new(),
            name,
            has_room,
            runtime,
            threads,
            queue,
            drained: Notify::new(),
            closed: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            asks: AtomicU32::new(0),
            ended_by_shutdown: AtomicBool::new(false),
            phase,
            state: Mutex::new(State::new(workers, room, parent.is_some())),
            parent,
        }
    }

    #[inline]
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) const fn name(&self) -> &Cow<'static, str> {
        &self.name
    }

    pub(super) const fn is_share(&self) -> bool {
        self.parent.is_some()
    }

    pub(super) const fn runs_on_threads(&self) -> bool {
        self.threads
    }

    pub(super) const fn runtime(&self) -> &runtime::Handle {
        &self.runtime
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Why jobs end with their pool.
    pub(super) fn why_killed(&self) -> Undone {
        // The pool of a share is ended before the share.
        let by_shutdown = |pool: &Self| pool.ended_by_shutdown.load(Ordering::Acquire);
        if by_shutdown(self) || by_shutdown(self.root()) { Undone::Shutdown } else { Undone::Aborted }
    }

    /// Why a job that runs ends undone.
    pub(super) fn why_undone(&self, id: u64) -> Undone {
        if self.was_asked(id) { Undone::Aborted } else { self.why_killed() }
    }

    /// Whether some job that runs on these workers was asked to end since a worker has `seen` that, which then looks whether it is
    /// its own.
    #[inline]
    pub(super) fn asks_anew(&self, seen: &mut u32) -> bool {
        let asks = self.asks.load(Ordering::Acquire);
        mem::replace(seen, asks) != asks
    }

    /// Whether that job was asked to end.
    pub(super) fn was_asked(&self, id: u64) -> bool {
        self.state().asked.contains(&id)
    }

    pub(super) fn stats(&self) -> PoolStats {
        let state = self.state();
        PoolStats {
            workers: state.limit,
            running: state.running,
            waiting: state.waiting,
            waited: state.waited.spent(),
            ran: state.ran.spent(),
            ..state.stats
        }
    }

    /// The pool whose workers run the jobs.
    pub(super) fn root(&self) -> &Self {
        self.parent.as_deref().unwrap_or(self)
    }

    /// Whether the routine of that number is a job that runs on these workers.
    pub(super) fn runs(&self, routine: u64) -> bool {
        routine != 0 && self.root().state().workers.iter().any(|worker| worker.job == routine)
    }

    /// Counts a job that is handed back.
    pub(super) fn reject(&self) {
        let mut state = self.state();
        state.stats.submitted += 1;
        state.stats.rejected += 1;
    }

    /// Puts a job into the queue that was admitted.
    pub(super) fn put(self: &Arc<Self>, job: Job) {
        let mut state = self.state();
        if state.phase == Phase::Killed {
            drop(state);
            self.end_undone(job, self.why_killed());
            return;
        }
        let dispatch = state.put(Item::Job(job));
        drop(state);
        self.follow(dispatch);
    }

    /// Whether there seems to be room for a job.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.has_room.load(Ordering::Relaxed)
    }

    /// Admits a job that is there already, and puts it into the queue; hands its body back where it is not admitted.
    #[inline]
    pub(super) fn admit_and_put<B: Body + 'static>(
        self: &Arc<Self>,
        id: u64,
        slot: &'static Slot,
        body: Box<B>,
    ) -> Result<(), Box<B>> {
        let mut state = self.state();
        if state.admit(None).is_err() {
            return Err(body);
        }
        let dispatch = state.put(Item::Job(Job { id, slot, body: Box::into_pin(body), key: None, places: 1 }));
        drop(state);
        if dispatch.is_some() {
            self.follow(dispatch);
        }
        Ok(())
    }

    /// Takes the jobs of a map in, and puts them into the queue. How many jobs may run at once.
    #[inline]
    pub(super) fn put_all(self: &Arc<Self>, jobs: impl ExactSizeIterator<Item = Job>) -> usize {
        let mut state = self.state();
        state.live += jobs.len();
        state.stats.submitted += jobs.len() as u64;
        let limit = state.limit;
        if state.phase != Phase::Open {
            drop(state);
            jobs.for_each(|job| self.end_undone(job, self.why_killed()));
            return limit;
        }
        state.put_all(jobs);
        // Most often there is one at most.
        let first = state.dispatch();
        drop(state);
        if first.is_some() {
            self.follow(first);
            self.dispatch_all();
        }
        limit
    }

    /// Ends what waits and is abandoned, and has the workers look at what runs.
    pub(super) fn sweep(&self) {
        let mut state = self.state();
        let is_abandoned = |item: &Item| matches!(item, Item::Job(job) if job.body.is_abandoned());
        let mut abandoned = VecDeque::new();
        if state.queue.iter().any(is_abandoned) {
            let (swept, kept) = mem::take(&mut state.queue).into_iter().partition(is_abandoned);
            state.queue = kept;
            abandoned = swept;
            state.waiting -= abandoned.len();
        }
        drop(state);
        for item in abandoned {
            if let Item::Job(job) = item {
                self.end_undone(job, Undone::Aborted);
            }
        }
        let wakers = self.root().state().wakers();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// How many jobs may run at once.
    pub(super) fn size(&self) -> usize {
        self.state().limit
    }

    /// Does what is left to do for a turn that was given out.
    pub(super) fn follow(self: &Arc<Self>, dispatch: Option<Dispatch>) {
        match (dispatch, &self.parent) {
            (Some(Dispatch::Wake(waker)), _) => waker.wake(),
            (Some(Dispatch::Spawn(worker)), _) => worker::spawn(self, worker),
            (Some(Dispatch::Share), Some(parent)) => {
                let dispatch = parent.state().put(Item::Turn(Arc::clone(self)));
                parent.follow(dispatch);
            }
            (Some(Dispatch::Share) | None, _) => {}
        }
    }

    /// The end of a job was told: the last thing that happens to it.
    #[inline]
    pub(super) fn told(&self) {
        let mut state = self.state();
        state.live -= 1;
        let is_drained = state.live == 0 && state.phase != Phase::Open;
        drop(state);
        if is_drained {
            self.is_drained();
        }
    }

    #[cold]
    #[inline(never)]
    fn is_drained(&self) {
        panic::swallow(|| self.drained.notify_waiters());
        self.root().let_go();
    }

    /// Ends a job by hand: at once if it waits, else at its worker's next look at it.
    pub(super) fn abort(self: &Arc<Self>, id: u64) {
        let mut state = self.state();
        let place = state.place_of(id);
        if let Some(Item::Job(job)) = place.and_then(|place| state.queue.remove(place)) {
            state.waiting -= 1;
            drop(state);
            self.end_undone(job, Undone::Aborted);
            return;
        }
        if state.slot_of(id).is_none() || state.asked.contains(&id) {
            return;
        }
        state.asked.push(id);
        // Before its worker is looked for: one that has just taken it, and that nobody sees yet, looks before it runs the job.
        self.root().asks.fetch_add(1, Ordering::AcqRel);
        drop(state);
        let root = self.root().state();
        let worker = root.workers.iter().find(|worker| worker.job == id);
        let waker = worker.and_then(|worker| worker.waker.clone());
        drop(root);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Asks a job to stop.
    pub(super) fn cancel(&self, id: u64) {
        let slot = self.state().slot_of(id);
        if let Some(token) = slot.and_then(|slot| slot.cancel(id)) {
            token.cancel();
        }
    }

    /// Ends a job that was taken out of the queue, as one that was cancelled.
    pub(super) fn end_undone(&self, mut job: Job, why: Undone) {
        panic::swallow(|| job.body.as_mut().cancel(why));
        let next = self.state().release(job.key.as_ref(), job.places, Outcome::Cancelled);
        wake_one(next);
        panic::swallow(|| job.body.publish());
        self.told();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        listing::remove(self);
    }
}

/// Has those look again who wait for room.
pub(super) fn wake(wakers: Vec<Waker>) {
    for waker in wakers {
        wake_one(Some(waker));
    }
}

/// [`wake`] for the one that a job's end gives its place to, if somebody waits: nobody, most often.
#[inline]
pub(super) fn wake_one(waker: Option<Waker>) {
    if let Some(waker) = waker {
        panic::swallow(|| waker.wake());
    }
}
