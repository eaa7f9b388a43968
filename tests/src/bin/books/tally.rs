//! What the books must say.

use std::sync::atomic::{AtomicU64, Ordering};

use routine::hook::HookHandle;
use routine::{Outcome, add_around_routine, snapshot, stats};

/// Routines by how they ended.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    ended: [u64; 5],
    /// Routines that their runtime may or may not have run before it died.
    pub(crate) unknown: u64,
    pub(crate) rejected: u64,
}

/// Routines that met a pair of hooks that come and go.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

const OUTCOMES: [Outcome; 5] =
    [Outcome::Completed, Outcome::Failed, Outcome::Panicked, Outcome::Cancelled, Outcome::TimedOut];

impl Tally {
    pub(crate) fn known(&mut self, outcome: Outcome, routines: u64) {
        let at = OUTCOMES.iter().position(|other| *other == outcome).expect("there are five outcomes");
        self.ended[at] += routines;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (ended, more) in self.ended.iter_mut().zip(other.ended) {
            *ended += more;
        }
        self.unknown += other.unknown;
        self.rejected += other.rejected;
    }

    pub(crate) fn check(&self) {
        let stats = stats();
        println!("{stats:?}\n{:?} and {} unknown", self.ended, self.unknown);
        assert_eq!(stats.started, stats.ended());
        assert_eq!(stats.started, self.ended.iter().sum::<u64>() + self.unknown);
        assert_eq!((stats.live, stats.rejected), (0, self.rejected));
        assert!(snapshot().is_empty(), "{}", routine::dump());
        let counted = [stats.completed, stats.failed, stats.panicked, stats.cancelled, stats.timed_out];
        for ((counted, known), outcome) in counted.into_iter().zip(self.ended).zip(OUTCOMES) {
            assert!(known > 0, "nothing {outcome}");
            assert!((known..=known + self.unknown).contains(&counted), "{counted} and not {known} {outcome}");
        }
        let (begun, ended) = (BEGUN.load(Ordering::SeqCst), ENDED.load(Ordering::SeqCst));
        println!("{begun} met hooks");
        assert!((1..stats.started).contains(&begun), "{begun}");
        assert_eq!(begun, ended, "before-hooks and after-hooks");
    }
}

/// Adds hooks that count their calls.
pub(crate) fn add_hooks() -> HookHandle {
    add_around_routine(
        |_| {
            BEGUN.fetch_add(1, Ordering::SeqCst);
        },
        |_| {
            ENDED.fetch_add(1, Ordering::SeqCst);
        },
    )
}
