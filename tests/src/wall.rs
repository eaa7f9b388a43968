//! A wall clock that a test sets.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use routine::schedule::WallClock;
use tokio::time::Instant;

/// Goes with tokio's clock, also while that is paused, until it is set. It begins at midnight.
#[derive(Debug)]
pub struct Wall {
    start: Instant,
    midnight: Mutex<SystemTime>,
    reads: AtomicUsize,
}

impl Wall {
    /// A clock that shows [`midnight`](Self::midnight) now.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), midnight: Mutex::new(Self::midnight()), reads: AtomicUsize::new(0) })
    }

    /// What a new clock shows.
    #[must_use]
    pub fn midnight() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(20_000 * 24)
    }

    /// Some seconds after midnight.
    #[must_use]
    pub fn at(seconds: u64) -> SystemTime {
        Self::midnight() + Duration::from_secs(seconds)
    }

    /// Steps it forward.
    pub fn forward(&self, by: Duration) {
        *self.midnight.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Steps it back.
    pub fn back(&self, by: Duration) {
        *self.midnight.lock().unwrap_or_else(PoisonError::into_inner) -= by;
    }

    /// How often it was read.
    #[must_use]
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

impl WallClock for Wall {
    fn now(&self) -> SystemTime {
        self.reads.fetch_add(1, Ordering::SeqCst);
        *self.midnight.lock().unwrap_or_else(PoisonError::into_inner) + self.start.elapsed()
    }
}
