//! The clock that people look at, as schedules read it.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use crate::panic;

/// A clock that shows the time of day: what `at`, `until` and a calendar go by. A test has one that it sets itself.
///
/// It is read when a schedule is made, when it is due, and once a minute to see whether it was set; never under a lock. One that
/// panics is contained, and the system's clock is read instead.
///
/// A test that pauses tokio's time needs one that goes with it, `start + tokio_start.elapsed()`: the system's clock stands still
/// beside it, and so whatever waits for that spins until real time has passed.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, SystemTime};
/// use routine::schedule::{Schedule, WallClock};
///
/// struct Set(Mutex<SystemTime>);
///
/// impl WallClock for Set {
///     fn now(&self) -> SystemTime {
///         *self.0.lock().unwrap()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 60 * 60);
/// let clock = Arc::new(Set(Mutex::new(noon)));
/// let report = Schedule::builder().clock(clock.clone()).at(noon, || async {}).unwrap();
/// report.await.unwrap();
/// # }
/// ```
pub trait WallClock: Send + Sync + 'static {
    /// The time of day.
    fn now(&self) -> SystemTime;
}

/// The system's own clock.
struct SystemClock;

impl WallClock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

static SYSTEM: LazyLock<Arc<dyn WallClock>> = LazyLock::new(|| Arc::new(SystemClock));

/// The system's clock, one and the same for all schedules that are given no other.
pub(super) fn system() -> Arc<dyn WallClock> {
    Arc::clone(&SYSTEM)
}

/// Reads a clock, which is a user's code.
pub(super) fn read(clock: &dyn WallClock) -> SystemTime {
    panic::contain(|| clock.now()).unwrap_or_else(|payload| {
        panic::drop_payload(payload);
        SystemTime::now()
    })
}
