//! The places of a pool, of which each job that was submitted has one, from its admission to its release.
//!
//! A part of what is under the pool's one lock, and so a number and a list instead of a semaphore, which would take a lock of its
//! own for each job that comes and for each that goes.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use crate::sync::{AtomicBool, Ordering};

pub(super) struct Room {
    /// Places that nobody has. None as long as somebody waits for one.
    free: usize,
    /// Whether there are some and the room is open, for those who do not hold the lock.
    hint: Arc<AtomicBool>,
    /// Places to be kept back, since the pool has become smaller. None as long as one is free.
    debt: usize,
    /// In the order in which they came. Who is not in it any more has been given a place, unless the pool was closed.
    seekers: VecDeque<Waiting>,
    /// Of the last seeker. They begin at 1.
    ticket: u64,
    is_closed: bool,
}

struct Waiting {
    ticket: u64,
    waker: Waker,
}

impl Room {
    pub(super) fn new(places: usize, hint: Arc<AtomicBool>) -> Self {
        hint.store(places > 0, Ordering::Relaxed);
        Self { free: places, hint, debt: 0, seekers: VecDeque::new(), ticket: 0, is_closed: false }
    }

    /// Takes a place, if there is one.
    #[inline]
    pub(super) fn take(&mut self) -> bool {
        let Some(left) = self.free.checked_sub(1) else { return false };
        self.free = left;
        if left == 0 {
            self.hint.store(false, Ordering::Relaxed);
        }
        true
    }

    #[inline]
    fn add(&mut self, places: usize) {
        if self.free == 0 && places > 0 && !self.is_closed {
            self.hint.store(true, Ordering::Relaxed);
        }
        self.free += places;
    }

    /// Gives a place back, to whoever has waited longest. Gives who is to be told.
    #[inline]
    pub(super) fn give(&mut self) -> Option<Waker> {
        if self.debt > 0 {
            self.debt -= 1;
            return None;
        }
        let Some(seeker) = self.seekers.pop_front() else {
            self.add(1);
            return None;
        };
        Some(seeker.waker)
    }

    /// Makes more places. Gives who is to be told.
    pub(super) fn grow(&mut self, places: usize) -> Vec<Waker> {
        let paid = places.min(self.debt);
        self.debt -= paid;
        let given = (places - paid).min(self.seekers.len());
        self.add(places - paid - given);
        self.seekers.drain(..given).map(|seeker| seeker.waker).collect()
    }

    /// Takes places away: those that are free now, and the rest when they are given back.
    pub(super) fn shrink(&mut self, places: usize) {
        let free = places.min(self.free);
        self.free -= free;
        if self.free == 0 {
            self.hint.store(false, Ordering::Relaxed);
        }
        self.debt += places - free;
    }

    /// Waits from now on. Gives the ticket.
    pub(super) fn seek(&mut self, waker: Waker) -> u64 {
        self.ticket += 1;
        self.seekers.push_back(Waiting { ticket: self.ticket, waker });
        self.ticket
    }

    /// Whether the one of that ticket still waits; then it is told by that waker. Gives the waker that is not needed any more.
    pub(super) fn still_seeks(&mut self, ticket: u64, waker: Waker) -> (bool, Waker) {
        match self.place_of(ticket) {
            Some(place) => (true, mem::replace(&mut self.seekers[place].waker, waker)),
            None => (false, waker),
        }
    }

    /// The one of that ticket waits no more, if it did.
    pub(super) fn leave(&mut self, ticket: u64) -> Option<Waker> {
        let place = self.place_of(ticket)?;
        self.seekers.remove(place).map(|seeker| seeker.waker)
    }

    /// Nobody waits any more. Gives who is to be told.
    pub(super) fn close(&mut self) -> Vec<Waker> {
        self.is_closed = true;
        self.hint.store(false, Ordering::Relaxed);
        mem::take(&mut self.seekers).into_iter().map(|seeker| seeker.waker).collect()
    }

    fn place_of(&self, ticket: u64) -> Option<usize> {
        self.seekers.binary_search_by_key(&ticket, |seeker| seeker.ticket).ok()
    }
}

#[cfg(all(test, not(routine_loom)))]
mod tests;
