//! A routine on a thread of the blocking pool.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::life::{self, Turn};
use crate::registry::Slot;
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
        let turn = Turn::enter(slot);
        match catch_unwind(AssertUnwindSafe(|| K::end(work()))) {
            Ok(Ok(value)) => {
                turn.completed();
                Ok(value)
            }
            Ok(Err(failed)) => Err(turn.failed(failed)),
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
