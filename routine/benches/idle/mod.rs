//! What schedules cost while they wait: memory, and no time of the processor.

// The counts here are far below 2^52.
#![allow(clippy::cast_precision_loss)]

use std::time::Duration;

use routine::schedule;
use stats_alloc::Region;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::ALLOCATOR;

const MANY: usize = 100_000;
/// Made between two turns of the runtime, so that its queue stays small.
const TURN: usize = 1_000;
const HOUR: Duration = Duration::from_secs(60 * 60);
const WATCHED: Duration = Duration::from_secs(5);

pub(crate) struct Waiting {
    /// Of the heap, of each.
    pub(crate) bytes: f64,
    /// Milliseconds of all threads, where they can be told.
    pub(crate) processor: Option<f64>,
}

#[cfg(target_os = "linux")]
#[allow(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn processor() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6)
}

#[cfg(not(target_os = "linux"))]
const fn processor() -> Option<f64> {
    None
}

/// Makes many schedules, of which none is due for an hour, and watches them wait.
pub(crate) fn measure() -> Waiting {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    // In a task: it comes back from its yield behind all that it started, which the future of `block_on` does not.
    let waiting = runtime.spawn(async {
        let region = Region::new(ALLOCATOR);
        for _ in 0..MANY / TURN {
            (0..TURN).for_each(|_| drop(schedule::every(HOUR, || async {}).expect("an hour is a period")));
            yield_now().await;
        }
        let change = region.change();
        let bytes = (change.bytes_allocated - change.bytes_deallocated) as f64 / MANY as f64;
        let before = processor();
        sleep(WATCHED).await;
        Waiting { bytes, processor: processor().zip(before).map(|(after, before)| after - before) }
    });
    runtime.block_on(waiting).expect("waiting ends well")
}
