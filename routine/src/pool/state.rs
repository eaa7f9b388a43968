//! What a pool knows, under its one lock.
//!
//! # Invariants
//! - A *turn* is the right to run one job after the other while there are some. `turns` counts those that are out, and is at most
//!   `limit`, but while more run than a smaller limit allows. A worker that is not idle holds a turn; a share's turn waits in its
//!   parent's queue until a worker of the parent takes it.
//! - While nothing is paused and turns are left, each item in the queue has one that is on its way to it. So a turn goes back
//!   only under the lock under which the queue was seen empty, and an item that is put in sends one off if there is one left.
//!   But where the system gives no thread to a worker, the item waits for another worker, which finds it before it goes idle.
//! - A place of the pool's room goes with each job that was submitted, from its admission to its release, which is before anybody
//!   hears that it has ended: who hears of it finds room.
//! - A job is in `asked` only while it runs here, or in a share: it is taken out under the lock that ends it.
//! - No code of a user runs under the lock: what is dropped, woken or started is handed out. The wakers that are cloned under it
//!   are the workers' own.

use std::collections::{HashSet, VecDeque};
use std::iter;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Waker;

use super::SubmitErrorKind;
use super::job::Body;
use super::room::Room;
use super::run::Run;
use super::shared::Shared;
use super::stats::{Nanos, PoolStats};
use crate::outcome::Outcome;
use crate::registry::Slot;

/// A job that waits. Whole words, since it is moved about: a byte among them costs more than what it saves.
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) slot: &'static Slot,
    pub(super) body: Pin<Box<dyn Body>>,
    pub(super) key: Option<Arc<str>>,
    /// Places of the room that go with it: one, and none for those of a map.
    pub(super) places: usize,
}

/// What stands in a queue.
pub(super) enum Item {
    Job(Job),
    /// A turn of a share.
    Turn(Arc<Shared>),
}

/// What is left to do, outside the lock, for a turn that was given out.
pub(super) enum Dispatch {
    /// An idle worker has it.
    Wake(Waker),
    /// A worker is to be made for it, with that number.
    Spawn(usize),
    /// It is to wait in the parent's queue.
    Share,
}

/// How far a pool has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    /// It takes no more jobs.
    Closed,
    /// It runs no more jobs.
    Killed,
}

/// A worker, as its pool knows it.
#[derive(Default)]
pub(super) struct Worker {
    /// The number of the job that it runs; 0 where it runs none.
    pub(super) job: u64,
    /// The slot of that job's routine.
    pub(super) slot: Option<&'static Slot>,
    pub(super) waker: Option<Waker>,
    pub(super) is_alive: bool,
    /// Whether it holds no turn, and is among the idle.
    pub(super) is_idle: bool,
    /// Whether it is to go, though it was idle.
    pub(super) is_surplus: bool,
}

impl Worker {
    /// Keeps the waker of its task, which is one and the same all its life.
    pub(super) fn see(&mut self, waker: &Waker) {
        if self.waker.is_none() {
            self.waker = Some(waker.clone());
        }
    }
}

pub(super) struct State {
    pub(super) limit: usize,
    turns: usize,
    pub(super) queue: VecDeque<Item>,
    // The numbers that each job changes stand apart, as rustc lays them out today: where two are stored as a pair and then read
    // with another neighbour, the second waits for the first to reach the memory.
    pub(super) running: usize,
    alive: usize,
    /// Jobs in the queue.
    pub(super) waiting: usize,
    /// Of those that are alive, the ones that are to go.
    dismissed: usize,
    /// Jobs that were admitted, and whose end was not told yet.
    pub(super) live: usize,
    /// Of a share, the jobs that run; a pool's are its workers' own.
    pub(super) jobs: Vec<(u64, &'static Slot)>,
    /// Jobs that run, and were asked to end.
    pub(super) asked: Vec<u64>,
    pub(super) workers: Vec<Worker>,
    /// Workers that hold no turn.
    idle: Vec<usize>,
    /// Numbers that no worker has any more.
    free: Vec<usize>,
    /// Whether the system has given no thread for the last worker: none is made until something else is to be run.
    is_short: bool,
    pub(super) room: Room,
    pub(super) keys: HashSet<Arc<str>>,
    pub(super) shares: Vec<Weak<Shared>>,
    pub(super) is_share: bool,
    pub(super) is_paused: bool,
    pub(super) phase: Phase,
    /// What is counted; the times and what there is now are kept beside.
    pub(super) stats: PoolStats,
    pub(super) waited: Nanos,
    pub(super) ran: Nanos,
}

impl State {
    pub(super) fn new(limit: usize, room: Room, is_share: bool) -> Self {
        Self {
            limit,
            turns: 0,
            queue: VecDeque::new(),
            waiting: 0,
            running: 0,
            live: 0,
            jobs: Vec::new(),
            asked: Vec::new(),
            workers: Vec::new(),
            alive: 0,
            dismissed: 0,
            idle: Vec::new(),
            free: Vec::new(),
            is_short: false,
            room,
            keys: HashSet::new(),
            shares: Vec::new(),
            is_share,
            is_paused: false,
            phase: Phase::Open,
            stats: PoolStats::default(),
            waited: Nanos::default(),
            ran: Nanos::default(),
        }
    }

    /// Admits a job, if the pool is open, its key free, and there is room for it.
    #[inline]
    pub(super) fn admit(&mut self, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
        self.check(key)?;
        if !self.room.take() {
            return Err(SubmitErrorKind::Full);
        }
        self.count(key);
        Ok(())
    }

    /// Admits a job that was given a place, which it still has if it is refused and the pool open.
    pub(super) fn admit_to_place(&mut self, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
        self.check(key)?;
        self.count(key);
        Ok(())
    }

    #[inline]
    fn check(&self, key: Option<&Arc<str>>) -> Result<(), SubmitErrorKind> {
        if self.phase != Phase::Open {
            return Err(SubmitErrorKind::Closed);
        }
        match key {
            Some(key) if self.keys.contains(key) => Err(SubmitErrorKind::InFlight),
            _ => Ok(()),
        }
    }

    #[inline]
    fn count(&mut self, key: Option<&Arc<str>>) {
        if let Some(key) = key {
            self.keys.insert(Arc::clone(key));
        }
        self.live += 1;
        self.stats.submitted += 1;
    }

    /// Puts something into the queue, and sends a turn off for it, if there is one left.
    #[inline]
    pub(super) fn put(&mut self, item: Item) -> Option<Dispatch> {
        self.try_again();
        self.waiting += usize::from(matches!(item, Item::Job(_)));
        if self.queue.len() < self.queue.capacity() {
            self.queue.push_back(item);
        } else {
            self.push_and_grow(item);
        }
        self.dispatch()
    }

    /// Apart from [`put`](Self::put), so that what is put into a queue with room lies nowhere else before.
    #[cold]
    #[inline(never)]
    fn push_and_grow(&mut self, item: Item) {
        self.queue.push_back(item);
    }

    /// Puts jobs into the queue; the caller sends the turns off.
    pub(super) fn put_all(&mut self, jobs: impl ExactSizeIterator<Item = Job>) {
        self.try_again();
        self.waiting += jobs.len();
        self.queue.extend(jobs.map(Item::Job));
    }

    /// Sends a turn off, if something waits for one and there is one left.
    #[inline]
    pub(super) fn dispatch(&mut self) -> Option<Dispatch> {
        let on_their_way = self.turns - self.running;
        if self.is_paused || self.turns >= self.limit || on_their_way >= self.queue.len() {
            return None;
        }
        let dispatch = if self.is_share {
            Dispatch::Share
        } else if let Some(waker) = self.pop_idle().and_then(|worker| self.workers[worker].waker.clone()) {
            Dispatch::Wake(waker)
        } else if self.is_short {
            return None;
        } else {
            Dispatch::Spawn(self.new_worker())
        };
        self.turns += 1;
        Some(dispatch)
    }

    /// Lets workers be made again, though the last could not be.
    pub(super) fn try_again(&mut self) {
        self.is_short = false;
    }

    /// A worker could not be made. Its turn goes back, if there are others who will come to the queue.
    pub(super) fn forgo(&mut self, worker: usize) -> bool {
        if self.alive - self.dismissed == 1 {
            return false;
        }
        self.remove_worker(worker);
        self.turns -= 1;
        self.is_short = true;
        true
    }

    fn pop_idle(&mut self) -> Option<usize> {
        let worker = self.idle.pop()?;
        self.workers[worker].is_idle = false;
        Some(worker)
    }

    /// A worker has a job.
    #[inline]
    pub(super) fn occupy(&mut self, worker: usize, id: u64, slot: &'static Slot, waker: &Waker) {
        self.running += 1;
        let worker = &mut self.workers[worker];
        worker.job = id;
        worker.slot = Some(slot);
        worker.see(waker);
    }

    /// A worker holds no turn any more, and waits for one.
    pub(super) fn push_idle(&mut self, worker: usize, waker: &Waker) {
        self.workers[worker].is_idle = true;
        self.workers[worker].see(waker);
        self.idle.push(worker);
    }

    /// Has idle workers go, as long as there are more workers than there may be.
    pub(super) fn dismiss_all(&mut self) -> Vec<Waker> {
        iter::from_fn(|| self.dismiss()).collect()
    }

    fn dismiss(&mut self) -> Option<Waker> {
        let worker = if self.has_too_many() { self.pop_idle()? } else { return None };
        self.dismissed += 1;
        self.workers[worker].is_surplus = true;
        self.workers[worker].waker.clone()
    }

    fn new_worker(&mut self) -> usize {
        self.alive += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.workers.push(Worker::default());
            self.workers.len() - 1
        });
        self.workers[place] = Worker { is_alive: true, ..Worker::default() };
        place
    }

    /// Whether a worker that has no turn is to go.
    pub(super) fn has_too_many(&self) -> bool {
        let is_done = self.phase != Phase::Open && self.running == 0 && self.queue.is_empty();
        is_done || self.phase == Phase::Killed || self.alive - self.dismissed > self.limit
    }

    /// The next item for whoever holds a turn, who counts it; without one the turn has gone back.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Item> {
        if !self.is_paused && self.phase != Phase::Killed && self.turns <= self.limit {
            if let Some(item) = self.queue.pop_front() {
                return Some(item);
            }
        }
        self.turns -= 1;
        None
    }

    /// The turn of a share goes back, whose job has ended.
    pub(super) fn give_back(&mut self, job: u64) {
        self.turns -= 1;
        self.jobs.retain(|(running, _)| *running != job);
    }

    /// The slot of a job that waits, runs, or is about to.
    pub(super) fn slot_of(&self, job: u64) -> Option<&'static Slot> {
        if let Some(Item::Job(job)) = self.place_of(job).map(|place| &self.queue[place]) {
            return Some(job.slot);
        }
        let own = self.workers.iter().find(|worker| worker.job == job).and_then(|worker| worker.slot);
        own.or_else(|| self.jobs.iter().find(|(id, _)| *id == job).map(|(_, slot)| *slot))
    }

    /// Where a job stands in the queue.
    pub(super) fn place_of(&self, job: u64) -> Option<usize> {
        self.queue.iter().position(|item| matches!(item, Item::Job(queued) if queued.id == job))
    }

    /// The jobs that run, and those that wait.
    pub(super) fn left(&self) -> (Vec<u64>, Vec<u64>) {
        let own = self.workers.iter().map(|worker| worker.job).filter(|job| *job != 0);
        let waiting = self.queue.iter().filter_map(|item| match item {
            Item::Job(job) => Some(job.id),
            Item::Turn(_) => None,
        });
        (own.chain(self.jobs.iter().map(|(job, _)| *job)).collect(), waiting.collect())
    }

    /// A job runs no more, here or in a share.
    #[inline]
    pub(super) fn forget(&mut self, job: u64) {
        if !self.asked.is_empty() {
            self.asked.retain(|asked| *asked != job);
        }
    }

    /// A job has ended that ran here. Gives who has its place now.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub(super) fn end(&mut self, run: &Run, now: u64) -> Option<Waker> {
        self.waited.add(run.began.saturating_sub(run.submitted));
        self.ran.add(now.saturating_sub(run.began));
        self.release(run.key.as_ref(), run.places, run.outcome)
    }

    /// A job has ended that was admitted. Gives who has its place now.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    pub(super) fn release(&mut self, key: Option<&Arc<str>>, places: usize, outcome: Outcome) -> Option<Waker> {
        self.stats.end(outcome);
        if let Some(key) = key {
            self.keys.remove(key);
        }
        if places == 0 { None } else { self.room.give() }
    }

    pub(super) fn remove_worker(&mut self, worker: usize) {
        if self.workers[worker].is_idle {
            self.idle.retain(|idle| *idle != worker);
        }
        self.dismissed -= usize::from(self.workers[worker].is_surplus);
        self.workers[worker] = Worker::default();
        self.free.push(worker);
        self.alive -= 1;
    }

    /// All wakers of workers that are there.
    pub(super) fn wakers(&self) -> Vec<Waker> {
        self.workers.iter().filter(|worker| worker.is_alive).filter_map(|worker| worker.waker.clone()).collect()
    }
}
