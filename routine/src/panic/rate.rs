//! A limit on how often something is done: some at once, and one a second from then on.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock;

/// How many may be done at once.
const BURST: u64 = 10;
/// How long it takes until one more may be.
const REFILL: u64 = 1_000_000_000;

/// A limit: ten at once, one a second from then on.
///
/// One word holds it: the instant up to which what was admitted is paid for. Each admission moves it on by a second, and it
/// may lie at most nine seconds ahead.
#[derive(Debug, Default)]
pub(crate) struct Rate(AtomicU64);

impl Rate {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn admit(&self) -> bool {
        self.admit_at(clock::now())
    }

    fn admit_at(&self, now: u64) -> bool {
        let admitted = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid| {
            let from = paid.max(now);
            (from - now <= (BURST - 1) * REFILL).then_some(from + REFILL)
        });
        admitted.is_ok()
    }
}

/// Whether one more stack may be looked up for a report.
pub(super) fn admit_stack() -> bool {
    static STACKS: Rate = Rate::new();
    STACKS.admit()
}

#[cfg(test)]
mod tests {
    use super::{BURST, REFILL, Rate};

    #[test]
    fn ten_at_once_and_one_a_second_from_then_on() {
        let rate = Rate::new();
        let at_once = (0..100).filter(|_| rate.admit_at(5 * REFILL)).count();
        assert_eq!(at_once as u64, BURST);
        assert!(!rate.admit_at(5 * REFILL + REFILL / 2));
        assert!(rate.admit_at(6 * REFILL));
        assert!(!rate.admit_at(6 * REFILL));
        let rested = (0..100).filter(|_| rate.admit_at(1000 * REFILL)).count();
        assert_eq!(rested as u64, BURST);
    }
}
