//! A routine on a thread of the blocking pool.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

use crate::error::Error;
use crate::group::{Gate, member};
use crate::life::{self, Turn};
use crate::registry::{Flags, Slot, State};
use crate::shutdown;
use crate::task::{self, Ending};

/// Blocking work with its slot. Dropped before it ran, it counts as cancelled.
pub(crate) struct Job<K, R> {
    slot: Option<&'static Slot>,
    work: Option<Box<dyn FnOnce() -> R + Send>>,
    ending: PhantomData<fn() -> K>,
}

impl<K, R> Job<K, R> {
    pub(crate) fn new(slot: &'static Slot, work: Box<dyn FnOnce() -> R + Send>) -> Self {
        Self { slot: Some(slot), work: Some(work), ending: PhantomData }
    }

    pub(crate) fn run(mut self) -> Result<K::Value, Error>
    where
        K: Ending<R>,
    {
        let (Some(slot), Some(work)) = (self.slot.take(), self.work.take()) else { task::polled_after_its_end() };
        if slot.state() == State::Refused {
            let mut work = Some(work);
            return Err(life::turn_away(slot, &mut || drop(work.take())));
        }
        if slot.meta().has(Flags::GROUPED) && member::is_killed(slot) || shutdown::ends(slot) {
            let mut work = Some(work);
            return Err(member::kill(slot, &mut || drop(work.take())));
        }
        let turn = Turn::enter(slot);
        match catch_unwind(AssertUnwindSafe(|| K::end(work()))) {
            Ok(Ok(value)) => {
                turn.completed();
                Ok(value)
            }
            Ok(Err(failed)) => {
                let exit = turn.begin_exit();
                Err(turn.failed(failed, exit))
            }
            Err(payload) => Err(task::panicked(turn, slot, payload, &mut || ())),
        }
    }
}

impl<K, R> Drop for Job<K, R> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            life::abandon(slot, &mut || drop(self.work.take()));
        }
    }
}

/// Blocking work that waits for room in its group before it takes a thread.
pub(crate) struct Queued<K: Ending<R>, R> {
    slot: &'static Slot,
    job: Option<Job<K, R>>,
    running: Option<JoinHandle<Result<K::Value, Error>>>,
}

impl<K: Ending<R>, R> Queued<K, R> {
    pub(crate) const fn new(slot: &'static Slot, job: Job<K, R>) -> Self {
        Self { slot, job: Some(job), running: None }
    }
}

// Nothing in it is pinned.
impl<K: Ending<R>, R> Unpin for Queued<K, R> {}

impl<K, R> Future for Queued<K, R>
where
    K: Ending<R> + 'static,
    K::Value: Send + 'static,
    R: 'static,
{
    type Output = Result<K::Value, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(job) = self.job.take() {
            match member::gate(self.slot, cx) {
                Gate::Open => self.running = Some(tokio::task::spawn_blocking(move || job.run())),
                Gate::Wait => {
                    self.job = Some(job);
                    return Poll::Pending;
                }
                Gate::Killed | Gate::Refused => return Poll::Ready(job.run()),
            }
        }
        let Some(running) = &mut self.running else { task::polled_after_its_end() };
        match ready!(Pin::new(running).poll(cx)) {
            Ok(result) => Poll::Ready(result),
            Err(lost) => match lost.try_into_panic() {
                // Panics are caught inside the job; what is left is a panic of tokio's own.
                Ok(payload) => resume_unwind(payload),
                // The runtime is shutting down, and is about to drop this, too.
                Err(_) => Poll::Pending,
            },
        }
    }
}

impl<K: Ending<R>, R> Drop for Queued<K, R> {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}
