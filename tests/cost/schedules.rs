//! What a schedule costs while it waits, and what each of its runs.

use std::time::Duration;

use routine::Schedule;
use stats_alloc::Region;
use tokio::task::yield_now;

use crate::{ALLOCATIONS, ALLOCATOR, MANY, Row, allocations};

const HOUR: Duration = Duration::from_hours(1);

async fn run(schedule: &Schedule) {
    let completed = schedule.stats().completed;
    assert!(schedule.run_now());
    while schedule.stats().completed == completed {
        yield_now().await;
    }
}

/// Allocations of runs, beyond those of a plain routine.
async fn runs(schedule: Schedule) -> usize {
    let allocations = allocations(|| run(&schedule)).await;
    schedule.stop(Duration::ZERO).await;
    allocations.saturating_sub(MANY * ALLOCATIONS)
}

fn every(builder: routine::schedule::Builder) -> Schedule {
    builder.every(HOUR, || async {}).expect("an hour is a period")
}

pub(crate) async fn rows() -> Vec<Row> {
    vec![
        // What a routine has of its own, the list of its fields, and its number as text.
        Row("runs of a schedule", runs(every(Schedule::builder())).await, 3 * MANY),
        Row("runs of one with a name", runs(every(Schedule::builder().name("named"))).await, 3 * MANY),
    ]
}

fn kept(region: &Region<'_, std::alloc::System>) -> usize {
    let change = region.change();
    change.bytes_allocated.saturating_sub(change.bytes_deallocated)
}

/// Bytes of a schedule that waits.
pub(crate) async fn bytes() -> usize {
    let mut schedules = Vec::with_capacity(MANY);
    let region = Region::new(ALLOCATOR);
    schedules.extend((0..MANY).map(|_| every(Schedule::builder())));
    yield_now().await;
    let bytes = kept(&region);
    for schedule in schedules {
        schedule.stop(Duration::ZERO).await;
    }
    bytes / MANY
}

/// Bytes of a routine that waits for its time.
pub(crate) async fn bytes_once() -> usize {
    let mut runs = Vec::with_capacity(MANY);
    let region = Region::new(ALLOCATOR);
    runs.extend((0..MANY).map(|_| routine::schedule::after(HOUR, || async {})));
    yield_now().await;
    let bytes = kept(&region);
    for run in runs {
        run.abort();
        let _ = run.await;
    }
    bytes / MANY
}
