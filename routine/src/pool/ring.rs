//! Where the jobs of a map leave their results: each job is one box, which goes to a worker, comes back here, and is used again.
//!
//! # Invariants
//! - One lock. No code of a user runs under it but the clone of the waker of whoever asks: boxes are moved, and dropped outside.
//! - Once `is_abandoned` is set under it nothing is kept here any more, nor does a closure begin that nobody would ask to stop.

use std::collections::VecDeque;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use super::job::{Body, Undone, outcome_of};
use super::state::Job;
use crate::error::Error;
use crate::outcome::{IntoOutcome, Outcome};
use crate::panic;
use crate::registry::Slot;
use crate::task::{Fallible, Task};

type Boxed<F, T> = Pin<Box<MapBody<F, T>>>;

pub(super) struct Ring<F: Future, T> {
    is_abandoned: AtomicBool,
    /// Whether the jobs run on threads, where nothing can stop them but to ask.
    on_threads: bool,
    state: Mutex<State<F, T>>,
}

struct State<F: Future, T> {
    /// Whether the order is that of the items, and not that of the ends.
    in_order: bool,
    /// The number of the item that is to end next.
    next: usize,
    /// In the order of the items, from the one after the next on, those that have ended before it.
    places: VecDeque<Option<Boxed<F, T>>>,
    /// Those whose turn it is.
    ended: VecDeque<Boxed<F, T>>,
    /// Of those on threads, the ones that run: their slots, and their numbers.
    running: Vec<(&'static Slot, u64)>,
    waker: Option<Waker>,
}

pin_project! {
    /// A job of a map.
    pub(super) struct MapBody<F: Future, T> {
        #[pin]
        routine: Option<Task<Fallible, F>>,
        slot: &'static Slot,
        id: u64,
        result: Option<Result<T, Error>>,
        number: usize,
        ring: Arc<Ring<F, T>>,
    }
}

impl<F: Future, T> Ring<F, T> {
    pub(super) fn new(on_threads: bool) -> Arc<Self> {
        let state = State {
            in_order: true,
            places: VecDeque::new(),
            next: 0,
            ended: VecDeque::new(),
            running: Vec::new(),
            waker: None,
        };
        Arc::new(Self { is_abandoned: AtomicBool::new(false), on_threads, state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State<F, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on the order is that of the ends. What has ended out of its turn comes next.
    pub(super) fn as_completed(&self) {
        let mut state = self.state();
        state.in_order = false;
        let State { places, ended, .. } = &mut *state;
        ended.extend(places.drain(..).flatten());
    }

    /// Nobody asks for results any more, nor for those that were taken from here.
    pub(super) fn abandon(&self, taken: VecDeque<Boxed<F, T>>) {
        let mut state = self.state();
        self.is_abandoned.store(true, Ordering::Release);
        let (places, ended) = (mem::take(&mut state.places), mem::take(&mut state.ended));
        let running = mem::take(&mut state.running);
        let waker = state.waker.take();
        drop(state);
        for token in running.into_iter().filter_map(|(slot, id)| slot.cancel(id)) {
            panic::swallow(|| token.cancel());
        }
        panic::swallow(|| drop(waker));
        // One by one, since two drops that panic at once would end the process.
        for body in taken.into_iter().chain(places.into_iter().flatten()).chain(ended) {
            panic::swallow(|| drop(body));
        }
    }

    /// A closure is about to run on this thread, unless nobody would hear of it.
    fn enter(&self, slot: &'static Slot, id: u64) -> bool {
        let mut state = self.state();
        let is_wanted = !self.is_abandoned.load(Ordering::Acquire);
        if is_wanted {
            state.running.push((slot, id));
        }
        is_wanted
    }

    /// Moves those whose turn it is to `ended`, at least one.
    pub(super) fn poll_ended(&self, ended: &mut VecDeque<Boxed<F, T>>, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        mem::swap(&mut state.ended, ended);
        if !ended.is_empty() {
            return Poll::Ready(());
        }
        let old = match &mut state.waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            waker => waker.replace(cx.waker().clone()),
        };
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// Takes a job back that has ended. Gives who is to be told, or the job, where nobody asks any more.
    fn put(&self, body: Boxed<F, T>) -> Result<Option<Waker>, Boxed<F, T>> {
        let mut state = self.state();
        // Under the lock under which `abandon` takes out what is there.
        if self.is_abandoned.load(Ordering::Acquire) {
            return Err(body);
        }
        if self.on_threads {
            state.running.retain(|(_, running)| *running != body.id);
        }
        if state.in_order && body.number != state.next {
            state.keep(body);
            return Ok(None);
        }
        state.ended.push_back(body);
        if state.in_order {
            state.pass_on();
        }
        Ok(state.waker.take())
    }
}

impl<F: Future, T> State<F, T> {
    /// Keeps one whose turn has not come.
    fn keep(&mut self, body: Boxed<F, T>) {
        let place = body.number - self.next - 1;
        while self.places.len() < place {
            self.places.push_back(None);
        }
        match self.places.get_mut(place) {
            Some(kept) => *kept = Some(body),
            None => self.places.push_back(Some(body)),
        }
    }

    /// The next one has ended: the turn is at the one after it, and passes on over those that have ended before.
    fn pass_on(&mut self) {
        self.next += 1;
        while let Some(Some(body)) = self.places.pop_front() {
            self.ended.push_back(body);
            self.next += 1;
        }
    }
}

impl<F, T> MapBody<F, T>
where
    F: Future<Output: IntoOutcome<Value = T>>,
{
    pub(super) const fn new(ring: Arc<Ring<F, T>>, slot: &'static Slot) -> Self {
        Self { routine: None, slot, id: 0, result: None, number: 0, ring }
    }

    /// Makes it the job of the item with that number, whose routine has that slot.
    pub(super) fn begin(self: Pin<&mut Self>, slot: &'static Slot, future: F, number: usize) {
        let mut this = self.project();
        this.routine.set(Some(Task::new(slot, future)));
        *this.slot = slot;
        *this.id = slot.segment();
        *this.number = number;
    }

    pub(super) fn into_job(self: Pin<Box<Self>>) -> Job
    where
        F: Send + 'static,
        T: Send + 'static,
        F::Output: 'static,
    {
        Job { id: self.id, slot: self.slot, body: self, key: None, places: 0 }
    }

    /// What it ended in.
    pub(super) fn take(self: Pin<&mut Self>) -> Result<T, Error> {
        match self.project().result.take() {
            Some(result) => result.map_err(Error::taken),
            None => unreachable!("it is taken when it has been run or cancelled"),
        }
    }
}

impl<F, T> Body for MapBody<F, T>
where
    F: Future<Output: IntoOutcome<Value = T>> + Send,
    T: Send,
{
    fn poll(mut self: Pin<&mut Self>, end: Option<Undone>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let unwanted = || self.is_abandoned() || self.ring.on_threads && !self.ring.enter(self.slot, self.id);
        if let Some(why) = end.or_else(|| unwanted().then_some(Undone::Aborted)) {
            panic::swallow(|| self.as_mut().cancel(why));
            return Poll::Ready(Outcome::Cancelled);
        }
        let this = self.project();
        let Some(routine) = this.routine.as_pin_mut() else { return Poll::Ready(Outcome::Cancelled) };
        let result = ready!(routine.poll(cx));
        let outcome = outcome_of(&result);
        *this.result = Some(result);
        Poll::Ready(outcome)
    }

    fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned.load(Ordering::Acquire)
    }

    fn cancel(self: Pin<&mut Self>, why: Undone) {
        let mut this = self.project();
        if this.result.is_none() {
            // As long as the slot is its own.
            *this.result = Some(Err(why.error(this.slot)));
        }
        this.routine.set(None);
    }

    fn publish(self: Pin<Box<Self>>) {
        let ring = Arc::clone(&self.ring);
        match ring.put(self) {
            Ok(waker) => waker.into_iter().for_each(Waker::wake),
            Err(body) => drop(body),
        }
    }
}
