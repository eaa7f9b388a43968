//! What happens to instants that have passed unseen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use routine::schedule::{Builder, Missed, Overlap, Schedule};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Runs that take no time, and counts the most that went on at once.
fn start(builder: Builder) -> (Schedule, Arc<AtomicUsize>) {
    let most = Arc::new(AtomicUsize::new(0));
    let (now, seen) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most));
    let schedule = builder.every(SECOND, move || {
        let (now, seen) = (Arc::clone(&now), Arc::clone(&seen));
        async move {
            seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(ms(10)).await;
            now.fetch_sub(1, Ordering::SeqCst);
        }
    });
    (schedule.unwrap(), most)
}

/// Lets a second pass, which the schedule sees, and then ten and a half that it does not.
async fn stall() {
    sleep(ms(1_000)).await;
    // Until the first run has ended.
    sleep(ms(20)).await;
    advance(ms(10_480)).await;
    sleep(ms(300)).await;
}

fn books(schedule: &Schedule) -> (u64, u64, u64) {
    let stats = schedule.stats();
    (stats.completed, stats.missed, stats.skipped)
}

#[tokio::test(start_paused = true)]
async fn one_run_makes_up_for_all() {
    let (schedule, _) = start(Schedule::builder());
    stall().await;
    assert_eq!(books(&schedule), (2, 9, 0));
    sleep(ms(300)).await;
    assert_eq!(books(&schedule), (3, 9, 0), "the plan stays on its instants: this one is at 12 seconds");
}

#[tokio::test(start_paused = true)]
async fn all_are_left_out() {
    let (schedule, _) = start(Schedule::builder().missed(Missed::Skip));
    stall().await;
    assert_eq!(books(&schedule), (1, 10, 0));
    sleep(ms(300)).await;
    assert_eq!(books(&schedule), (2, 10, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_due_just_now_is_not_missed() {
    let (schedule, _) = start(Schedule::builder().missed(Missed::Skip));
    sleep(ms(20)).await;
    advance(ms(9_980)).await;
    sleep(ms(20)).await;
    assert_eq!(books(&schedule), (1, 9, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_merely_late_is_not_missed() {
    for missed in [Missed::CatchUp, Missed::Skip, Missed::All(5)] {
        let (schedule, _) = start(Schedule::builder().missed(missed));
        sleep(ms(20)).await;
        advance(ms(1_900)).await;
        sleep(ms(20)).await;
        assert_eq!(books(&schedule), (1, 0, 0), "{missed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn some_are_made_up_for_one_after_the_other() {
    let (schedule, most) = start(Schedule::builder().missed(Missed::All(3)));
    stall().await;
    assert_eq!(books(&schedule), (4, 7, 0));
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn all_are_made_up_for_and_none_is_skipped() {
    for overlap in [Overlap::Skip, Overlap::Queue, Overlap::CancelOld] {
        let (schedule, most) = start(Schedule::builder().missed(Missed::All(100)).overlap(overlap));
        stall().await;
        assert_eq!(books(&schedule), (11, 0, 0), "{overlap:?}");
        assert_eq!(most.load(Ordering::SeqCst), 1, "{overlap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_made_up_for_overlaps_as_far_as_it_may() {
    let (schedule, most) = start(Schedule::builder().missed(Missed::All(100)).overlap(Overlap::Allow(4)));
    stall().await;
    assert_eq!(books(&schedule), (11, 0, 0));
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_made_up_for_than_there_are_runs_left() {
    let (schedule, _) = start(Schedule::builder().missed(Missed::All(100)).times(4));
    stall().await;
    assert_eq!(books(&schedule), (4, 0, 0));
    assert!(schedule.is_finished());
}

#[tokio::test(start_paused = true)]
async fn from_its_end_a_schedule_misses_nothing() {
    let (schedule, _) = start(Schedule::builder().from_end());
    stall().await;
    assert_eq!(books(&schedule), (2, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_hours_stall_is_one_run_and_not_three_hundred_and_sixty_thousand() {
    let schedule = Schedule::builder().every(ms(10), || async {}).unwrap();
    sleep(ms(5)).await;
    advance(Duration::from_hours(1)).await;
    sleep(ms(1)).await;
    assert_eq!((schedule.stats().runs, schedule.stats().missed), (1, 359_999));
}
