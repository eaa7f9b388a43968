//! Where the jobs of a map leave their results: each job is one box, which goes to a worker, comes back here, and is used again.

use std::collections::VecDeque;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use super::job::{Body, outcome_of};
use crate::birth::{Born, Identity};
use crate::error::Error;
use crate::outcome::{IntoOutcome, Outcome};
use crate::panic;
use crate::task::{Fallible, Task};

type Boxed<F, T> = Pin<Box<MapBody<F, T>>>;

pub(super) struct Ring<F: Future, T> {
    is_abandoned: AtomicBool,
    state: Mutex<State<F, T>>,
}

struct State<F: Future, T> {
    /// In the order of the items, each at its number modulo their number; empty where the order is that of the ends.
    places: Vec<Option<Boxed<F, T>>>,
    /// The number of the item whose result is next.
    next: usize,
    /// In the order of the ends.
    ended: VecDeque<Boxed<F, T>>,
    waker: Option<Waker>,
}

pin_project! {
    /// A job of a map.
    pub(super) struct MapBody<F: Future, T> {
        #[pin]
        routine: Option<Task<Fallible, F>>,
        identity: Option<Identity>,
        result: Option<Result<T, Error>>,
        number: usize,
        ring: Arc<Ring<F, T>>,
    }
}

impl<F: Future, T> Ring<F, T> {
    pub(super) fn new(room: usize) -> Arc<Self> {
        let places = std::iter::repeat_with(|| None).take(room).collect();
        let state = State { places, next: 0, ended: VecDeque::new(), waker: None };
        Arc::new(Self { is_abandoned: AtomicBool::new(false), state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State<F, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn as_completed(&self) {
        self.state().places = Vec::new();
    }

    /// Nobody asks for results any more.
    pub(super) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
        let mut state = self.state();
        let (places, ended) = (mem::take(&mut state.places), mem::take(&mut state.ended));
        let waker = state.waker.take();
        drop(state);
        drop(waker);
        // One by one, since two drops that panic at once would end the process.
        for body in places.into_iter().flatten().chain(ended) {
            panic::swallow(|| drop(body));
        }
    }

    /// Moves what has ended to `ended`, at least one; in the order of the items, those whose turn it is.
    pub(super) fn poll_ended(&self, ended: &mut VecDeque<Boxed<F, T>>, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        mem::swap(&mut state.ended, ended);
        while let Some(body) = state.take_next() {
            ended.push_back(body);
        }
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
        let room = state.places.len();
        let is_next = room == 0 || body.number == state.next;
        if room == 0 {
            state.ended.push_back(body);
        } else {
            let place = body.number % room;
            state.places[place] = Some(body);
        }
        Ok(if is_next { state.waker.take() } else { None })
    }
}

impl<F: Future, T> State<F, T> {
    /// What is next in the order of the items, if it has ended.
    fn take_next(&mut self) -> Option<Boxed<F, T>> {
        let place = self.next.checked_rem(self.places.len())?;
        let body = self.places[place].take()?;
        self.next += 1;
        Some(body)
    }
}

impl<F, T> MapBody<F, T>
where
    F: Future<Output: IntoOutcome<Value = T>>,
{
    pub(super) const fn new(ring: Arc<Ring<F, T>>) -> Self {
        Self { routine: None, identity: None, result: None, number: 0, ring }
    }

    /// Makes it the job of the item with that number.
    pub(super) fn begin(self: Pin<&mut Self>, born: Born, future: F, number: usize) {
        let mut this = self.project();
        this.routine.set(Some(Task::new(born.slot, future)));
        *this.identity = Some(born.identity);
        *this.result = None;
        *this.number = number;
    }

    /// What it ended in.
    pub(super) fn take(self: Pin<&mut Self>) -> Result<T, Error> {
        let this = self.project();
        match (this.result.take(), this.identity) {
            (Some(result), _) => result.map_err(Error::taken),
            (None, Some(identity)) => Err(identity.cancelled()),
            (None, None) => unreachable!("it is taken when it has been run"),
        }
    }
}

impl<F, T> Body for MapBody<F, T>
where
    F: Future<Output: IntoOutcome<Value = T>> + Send,
    T: Send,
{
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = self.project();
        let Some(routine) = this.routine.as_pin_mut() else { return Poll::Ready(Outcome::Cancelled) };
        let result = ready!(routine.poll(cx));
        let outcome = outcome_of(&result);
        *this.result = Some(result);
        Poll::Ready(outcome)
    }

    fn is_aborted(&self) -> bool {
        self.ring.is_abandoned.load(Ordering::Acquire)
    }

    fn cancel(self: Pin<&mut Self>) {
        self.project().routine.set(None);
    }

    fn publish(self: Pin<Box<Self>>) {
        let ring = Arc::clone(&self.ring);
        match ring.put(self) {
            Ok(waker) => waker.into_iter().for_each(Waker::wake),
            Err(body) => drop(body),
        }
    }
}
