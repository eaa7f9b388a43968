//! What the members of a group share: how many live, who waits for room, who has failed, and whether they are to end.
//!
//! # Invariants
//! - `live` counts every member from its start to its end; whoever waits for a group waits until it is 0.
//! - A member holds a place from its admission to its end. It is admitted where it starts, or waits in `queue` until a place
//!   is given to it, which it takes with its first turn.
//! - Once `killed` is set nobody parks any more: a waker is in `parked` only before that, and is woken by it.
//! - Members tell their ends in `ended` only as long as somebody may ask for them one by one; those are marked as quiet, since
//!   their failures are also whoever asks'.
//! - One lock. No code of a user runs under it but the clone of the waker of whoever waits: wakers are woken, and errors dropped,
//!   outside.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime;
use tokio_util::sync::CancellationToken;

use super::queue::Queue;
use crate::cancel::CancelReason;
use crate::error::Error;
use crate::panic;
use crate::registry::{Flags, Meta};
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering, lock};

/// Failures that a group keeps for whoever waits; more are reported when they happen, and counted.
const KEPT: usize = 16;

/// Who waits for the members of a group, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// A body for all of them; the first failure ends the others.
    All,
    /// A value that may ask which have ended, and may wait for all.
    Each,
    /// Whoever holds the handles; failures are the handles' alone.
    Handles,
}

#[derive(Debug)]
pub(crate) struct Shared {
    limit: usize,
    grace: Option<Duration>,
    /// Failures that are kept, at most.
    kept: usize,
    /// Whether the first failure ends the others.
    fail_fast: AtomicBool,
    killed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    live: usize,
    placed: usize,
    queue: Queue,
    parked: HashMap<u64, Waker>,
    /// Who waits for members to end.
    waiter: Option<Waker>,
    /// Who waits for room, under the numbers that they came with.
    hopeful: BTreeMap<u64, Waker>,
    /// The last of those numbers.
    hopes: u64,
    /// Members that ended and were not asked for yet.
    ended: VecDeque<u64>,
    /// Whether nobody will ask for one any more: whoever waits, waits for all.
    asks_for_all: bool,
    failures: Failures,
    reason: Option<CancelReason>,
    /// The first member that the shutdown ended, unless the group was to end anyway.
    cut: Option<Error>,
    token: CancellationToken,
}

impl State {
    fn has_room(&self, limit: usize) -> bool {
        self.placed < limit && self.queue.is_empty()
    }

    /// Keeps the waker of whoever waits. Gives the one from before, to be dropped outside the lock.
    fn wait(&mut self, cx: &Context<'_>) -> Option<Waker> {
        match &mut self.waiter {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            waker => waker.replace(cx.waker().clone()),
        }
    }
}

/// What went wrong in a group, the first first.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    pub(crate) kept: Vec<Error>,
    pub(crate) left_out: usize,
}

/// What a member may do at its turn.
#[derive(Debug)]
pub(crate) enum Gate {
    Open,
    Wait,
    Killed,
    /// The process is shutting down.
    Refused,
}

impl Shared {
    pub(super) fn new(limit: usize, grace: Option<Duration>, waits: Waits) -> Self {
        Self {
            limit,
            grace,
            kept: if waits == Waits::Handles { 0 } else { KEPT },
            fail_fast: AtomicBool::new(waits == Waits::All),
            killed: AtomicBool::new(false),
            state: Mutex::new(State::default()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Takes a member in. Whether it may run at once; if not, it is in the queue.
    pub(crate) fn enter(&self, id: u64) -> bool {
        let mut state = self.state();
        state.live += 1;
        let admitted = state.has_room(self.limit);
        if admitted {
            state.placed += 1;
        } else {
            state.queue.push(id);
        }
        admitted
    }

    /// Whether a member that starts now would run at once.
    pub(super) fn has_room(&self) -> bool {
        self.state().has_room(self.limit)
    }

    /// Whoever waits for room comes with the number that it was given here, and [gives it up](Self::give_up_room) in the end.
    pub(super) fn poll_room(&self, number: &mut Option<u64>, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.has_room(self.limit) || self.is_killed() {
            return Poll::Ready(());
        }
        let number = *number.get_or_insert_with(|| {
            state.hopes += 1;
            state.hopes
        });
        let old = match state.hopeful.get(&number) {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => state.hopeful.insert(number, cx.waker().clone()),
        };
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Forgets one that waited for room.
    pub(super) fn give_up_room(&self, number: u64) {
        let waker = self.state().hopeful.remove(&number);
        drop(waker);
    }

    #[inline]
    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Lets a member through that is in the queue, once it was given a place.
    pub(crate) fn gate(&self, id: u64, cx: &Context<'_>) -> Gate {
        if self.is_killed() {
            return Gate::Killed;
        }
        let mut state = self.state();
        if state.queue.take(id) {
            // It holds the place from now on as if it had been admitted where it started.
            return Gate::Open;
        }
        let old = state.queue.ask(id, cx.waker());
        drop(state);
        drop(old);
        // Whoever killed the group in between may not have seen the waker.
        if self.is_killed() { Gate::Killed } else { Gate::Wait }
    }

    /// Keeps the waker of a member that waits, unless it is to end.
    pub(crate) fn park(&self, id: u64, waker: &Waker) -> bool {
        let mut state = self.state();
        if self.is_killed() {
            return false;
        }
        state.parked.insert(id, waker.clone());
        true
    }

    /// A member failed.
    pub(crate) fn failed(self: &Arc<Self>, error: &Error) {
        let mut state = self.state();
        if state.failures.kept.len() < self.kept {
            state.failures.kept.push(error.clone());
        } else {
            state.failures.left_out += 1;
        }
        let waiter = state.waiter.take();
        drop(state);
        if self.fail_fast.load(Ordering::Acquire) {
            self.end(CancelReason::SiblingFailed);
        }
        wake(waiter);
    }

    /// A member has ended, and nothing of it is left but what its handle gives.
    pub(crate) fn ended(&self, id: u64, meta: Meta) {
        let mut state = self.state();
        state.live -= 1;
        let own = if meta.has(Flags::PARKED) { state.parked.remove(&id) } else { None };
        let mut unqueued = None;
        // Of those that were in the queue, one that never took its place may still be in it, or have been given one.
        let holds = !meta.has(Flags::QUEUED) || state.queue.take(id) || !state.queue.leave(id, &mut unqueued);
        let (mut next, mut hopeful, mut waiter) = (None, None, None);
        // The place goes to the next, or back.
        if holds && !state.queue.grant(&mut next) {
            state.placed -= 1;
            if !state.hopeful.is_empty() {
                hopeful = Some(mem::take(&mut state.hopeful));
            }
        }
        let is_asked_for = meta.has(Flags::QUIET) && !state.asks_for_all;
        if is_asked_for {
            state.ended.push_back(id);
        }
        if state.live == 0 || is_asked_for {
            waiter = state.waiter.take();
        }
        drop(state);
        drop((own, unqueued));
        if let Some(hopeful) = hopeful {
            wake(hopeful.into_values());
        }
        wake(next.into_iter().chain(waiter));
    }

    /// Asks the members to stop, and ends them: at once, or after the grace where there is a runtime to wait for it.
    pub(super) fn end(self: &Arc<Self>, reason: CancelReason) {
        let (Some(grace), Ok(runtime)) = (self.grace, runtime::Handle::try_current()) else {
            self.kill(reason);
            return;
        };
        let mut state = self.state();
        if state.reason.is_some() {
            return;
        }
        state.reason = Some(reason.clone());
        let token = state.token.clone();
        drop(state);
        panic::swallow(|| token.cancel());
        let shared = Arc::downgrade(self);
        runtime.spawn(async move {
            tokio::time::sleep(grace).await;
            if let Some(shared) = shared.upgrade() {
                shared.kill(reason);
            }
        });
    }

    /// Ends every member at its next await, those that have not run before they do.
    pub(super) fn kill(&self, reason: CancelReason) {
        let mut state = self.state();
        state.reason.get_or_insert(reason);
        self.killed.store(true, Ordering::Release);
        let mut wakers: Vec<Waker> = mem::take(&mut state.parked).into_values().collect();
        wakers.extend(state.queue.wakers());
        wakers.extend(mem::take(&mut state.hopeful).into_values());
        wakers.extend(state.waiter.take());
        let token = state.token.clone();
        drop(state);
        panic::swallow(|| token.cancel());
        wake(wakers);
    }

    /// From here on the first failure ends the others; one that was there already does so now.
    pub(super) fn fail_fast(self: &Arc<Self>) {
        self.fail_fast.store(true, Ordering::Release);
        let failed = !self.state().failures.kept.is_empty();
        if failed {
            self.end(CancelReason::SiblingFailed);
        }
    }

    /// The shutdown ends a member, and others may live on.
    pub(crate) fn cut(&self, error: &Error) {
        let mut state = self.state();
        if state.reason.is_none() {
            state.cut.get_or_insert_with(|| error.clone());
        }
    }

    /// The error of a member that the shutdown ended, and that nobody has been told of.
    pub(super) fn take_cut(&self) -> Option<Error> {
        self.state().cut.take()
    }

    /// Why the members are to stop; `None` where they are not.
    pub(crate) fn reason(&self) -> Option<CancelReason> {
        self.state().reason.clone()
    }

    pub(crate) fn token(&self) -> CancellationToken {
        self.state().token.clone()
    }

    /// From here on nobody asks which member has ended.
    pub(super) fn ask_for_all(&self) {
        let mut state = self.state();
        state.asks_for_all = true;
        let ended = mem::take(&mut state.ended);
        drop(state);
        drop(ended);
    }

    pub(super) fn poll_idle(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.live == 0 {
            return Poll::Ready(());
        }
        let old = state.wait(cx);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Ready once a member has failed.
    pub(super) fn poll_failed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if !state.failures.kept.is_empty() || self.is_killed() {
            return Poll::Ready(());
        }
        let old = state.wait(cx);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// The next member that ended; `None` once there is none left.
    pub(super) fn poll_ended(&self, cx: &Context<'_>) -> Poll<Option<u64>> {
        let mut state = self.state();
        if let Some(id) = state.ended.pop_front() {
            return Poll::Ready(Some(id));
        }
        if state.live == 0 {
            return Poll::Ready(None);
        }
        let old = state.wait(cx);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Takes out the failure of a member whose error is handed over by itself.
    pub(super) fn forget_failure(&self, error: &Error) {
        let mut state = self.state();
        let place = state.failures.kept.iter().position(|kept| kept.id() == error.id());
        let forgotten = place.map(|place| state.failures.kept.remove(place));
        let cut = state.cut.take_if(|cut| cut.id() == error.id());
        drop(state);
        drop((forgotten, cut));
    }

    /// How many failures are kept by now.
    pub(super) fn kept(&self) -> usize {
        self.state().failures.kept.len()
    }

    pub(super) fn take_failures(&self) -> Failures {
        mem::take(&mut self.state().failures)
    }

    pub(super) fn live(&self) -> usize {
        self.state().live
    }
}

/// Wakes all of them, whatever one does.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        panic::swallow(|| waker.wake());
    }
}
