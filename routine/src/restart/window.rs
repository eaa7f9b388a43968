//! The restarts of the last minute, or of however long the budget's window is.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::Budget;

/// Counts restarts against a budget, and how many failures followed one another closely.
#[derive(Debug)]
pub(crate) struct Window {
    budget: Budget,
    /// Those that still count, at most as many as the budget allows.
    restarts: VecDeque<Instant>,
}

impl Window {
    pub(crate) const fn new(budget: Budget) -> Self {
        Self { budget, restarts: VecDeque::new() }
    }

    pub(crate) const fn budget(&self) -> Budget {
        self.budget
    }

    /// Whether there may be one more restart at `now`, which is counted then. Times do not go back.
    pub(crate) fn admit(&mut self, now: Instant) -> bool {
        while self.restarts.front().is_some_and(|first| now.duration_since(*first) > self.budget.within) {
            self.restarts.pop_front();
        }
        let admitted = self.restarts.len() < self.budget.max as usize;
        if admitted {
            self.restarts.push_back(now);
        }
        admitted
    }

    /// The number of a failure for the back-off, that of the one before being `last`: 1 after a run that lasted for the window.
    pub(crate) fn streak(&self, last: u32, began: Instant, ended: Instant) -> u32 {
        if ended.duration_since(began) >= self.budget.within { 1 } else { last.saturating_add(1) }
    }
}

#[cfg(test)]
mod tests;
