//! What goes by the time of day, when clocks are set.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use routine::Handle;
use routine::schedule::{Schedule, WallClock};
use routine_tests::Wall;
use tokio::time::{Instant, sleep};

const HOUR: Duration = Duration::from_hours(1);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Notes when it ran, in seconds since it was made.
fn at(wall: &Arc<Wall>, instant: SystemTime) -> Handle<u64> {
    let made = Instant::now();
    let run = Schedule::builder().clock(wall.clone()).at(instant, move || async move { Ok::<_, &str>(made.elapsed()) });
    let run = run.unwrap();
    routine::go(async move { Ok::<_, routine::Error>(run.await?.as_secs()) })
}

#[tokio::test(start_paused = true)]
async fn it_runs_when_the_clock_shows_the_instant() {
    let wall = Wall::new();
    assert_eq!(at(&wall, Wall::at(3_600)).await.unwrap(), 3_600);
    assert_eq!(at(&wall, Wall::at(3_600)).await.unwrap(), 0, "that is now");
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_forward_over_the_instant_is_seen_within_a_minute() {
    let wall = Wall::new();
    let run = at(&wall, Wall::at(3_600));
    sleep(secs(601)).await;
    wall.forward(HOUR);
    let waited = run.await.unwrap() - 601;
    assert!(waited <= 60, "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_forward_before_the_instant_brings_it_nearer() {
    let wall = Wall::new();
    let run = at(&wall, Wall::at(3_600));
    sleep(secs(601)).await;
    wall.forward(secs(1_000));
    assert_eq!(run.await.unwrap(), 2_600);
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_back_moves_the_instant_away() {
    let wall = Wall::new();
    let run = at(&wall, Wall::at(3_600));
    sleep(secs(601)).await;
    wall.back(secs(1_000));
    assert_eq!(run.await.unwrap(), 4_600);
    let run = at(&wall, wall.now() + secs(100));
    sleep(secs(99)).await;
    wall.back(HOUR);
    assert_eq!(run.await.unwrap(), 3_700, "also where nobody looked since");
}

#[tokio::test(start_paused = true)]
async fn one_look_a_minute_is_enough_for_all_and_another_takes_it_over() {
    let wall = Wall::new();
    let mut runs: Vec<_> =
        (0..100).map(|_| Schedule::builder().clock(wall.clone()).at(Wall::at(100_000), || async {}).unwrap()).collect();
    sleep(secs(30)).await;
    let before = wall.reads();
    sleep(secs(600)).await;
    assert_eq!(wall.reads() - before, 10);
    // Whoever looks is among the first.
    for run in runs.drain(..50) {
        run.abort();
    }
    sleep(secs(30)).await;
    let before = wall.reads();
    sleep(secs(600)).await;
    assert_eq!(wall.reads() - before, 10);
    wall.forward(secs(100_000));
    sleep(secs(60)).await;
    assert!(runs.iter().all(Handle::is_finished));
    let before = wall.reads();
    sleep(secs(600)).await;
    assert_eq!(wall.reads() - before, 0, "nobody waits any more");
}

#[tokio::test(start_paused = true)]
async fn the_part_is_handed_over_in_time() {
    let wall = Wall::new();
    let first = Schedule::builder().clock(wall.clone()).at(Wall::at(100_000), || async {}).unwrap();
    // From here on, that one looks at 60, 120 and so on.
    let second = at(&wall, Wall::at(90_000));
    sleep(secs(61)).await;
    wall.forward(secs(90_000));
    sleep(secs(57)).await;
    first.abort();
    let waited = second.await.unwrap() - 61;
    assert!(waited <= 60, "{waited}");
}

#[tokio::test(start_paused = true)]
async fn the_end_comes_when_the_clock_shows_it() {
    let wall = Wall::new();
    let schedule =
        Schedule::builder().clock(wall.clone()).until(Wall::at(3_600)).every(secs(600), || async {}).unwrap();
    sleep(secs(900)).await;
    wall.forward(HOUR);
    sleep(secs(61)).await;
    assert!(schedule.is_finished());
    assert_eq!(schedule.stats().runs, 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_seen_as_queued_and_may_be_aborted() {
    let wall = Wall::new();
    let run = Schedule::builder().clock(wall).name("later").at(Wall::at(60), || async {}).unwrap();
    sleep(secs(1)).await;
    let snapshot = routine::snapshot();
    let row = snapshot.get(run.id()).unwrap();
    assert_eq!((row.name(), row.state()), ("later", routine::RoutineState::Queued));
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_clock_that_panics_costs_nothing() {
    struct Broken;
    impl WallClock for Broken {
        fn now(&self) -> SystemTime {
            std::panic::resume_unwind(Box::new("no time"))
        }
    }
    let soon = SystemTime::now() + Duration::from_millis(200);
    // The system's clock is read instead.
    Schedule::builder().clock(Arc::new(Broken)).at(soon, || async {}).unwrap().await.unwrap();
}
