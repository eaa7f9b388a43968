//! Who waits for a place in a group, in the order of their coming.
//!
//! Whoever leaves out of turn stays in the order, and is passed over there: to look for one would take as long as the queue is,
//! and a group that ends has all of them leave.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;
use std::task::Waker;

/// Numbers that are passed over, at least, before the order is tidied up.
const STALE: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Queue {
    order: VecDeque<u64>,
    /// Those that wait, with the waker of each that has asked.
    waiting: HashMap<u64, Option<Waker>>,
    /// Those that were given a place, until they take it with their first turn.
    granted: HashSet<u64>,
}

impl Queue {
    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn push(&mut self, id: u64) {
        self.order.push_back(id);
        self.waiting.insert(id, None);
    }

    /// Gives a place to the first that waits, if one does, and its waker to the caller, if it has asked.
    pub(super) fn grant(&mut self, next: &mut Option<Waker>) -> bool {
        while let Some(id) = self.order.pop_front() {
            if let Some(waker) = self.waiting.remove(&id) {
                self.granted.insert(id);
                *next = waker;
                return true;
            }
        }
        false
    }

    /// Takes the place that was given, if one was.
    pub(super) fn take(&mut self, id: u64) -> bool {
        self.granted.remove(&id)
    }

    /// Keeps the waker of one that waits. Gives the one from before, to be dropped outside the lock.
    pub(super) fn ask(&mut self, id: u64, waker: &Waker) -> Option<Waker> {
        match self.waiting.get_mut(&id)? {
            Some(known) if known.will_wake(waker) => None,
            known => known.replace(waker.clone()),
        }
    }

    /// Lets one go, if it waits, and gives its waker to the caller, to be dropped outside the lock.
    pub(super) fn leave(&mut self, id: u64, left: &mut Option<Waker>) -> bool {
        let Some(waker) = self.waiting.remove(&id) else { return false };
        *left = waker;
        if self.order.len() > 2 * self.waiting.len() + STALE {
            self.order.retain(|id| self.waiting.contains_key(id));
        }
        true
    }

    /// The wakers of all that wait and have asked.
    pub(super) fn wakers(&mut self) -> impl Iterator<Item = Waker> {
        self.waiting.values_mut().filter_map(mem::take)
    }
}
