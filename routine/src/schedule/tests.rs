//! Schedules by a calendar, whatever calendar that is.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use super::*;

/// Names every instant that is so many seconds after midnight, and a multiple of them; until the last, if there is one.
struct Every {
    seconds: u64,
    last: u64,
}

impl Calendar for Every {
    fn next_after(&self, after: SystemTime) -> Option<SystemTime> {
        let after = after.duration_since(MIDNIGHT).map_or(0, |after| after.as_secs() / self.seconds + 1);
        let next = after * self.seconds;
        (next <= self.last).then(|| at(next))
    }
}

const MIDNIGHT: SystemTime = UNIX_EPOCH;

fn at(seconds: u64) -> SystemTime {
    MIDNIGHT + Duration::from_secs(seconds)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Goes with tokio's clock, until it is set.
struct Wall(Instant, Mutex<SystemTime>);

impl WallClock for Wall {
    fn now(&self) -> SystemTime {
        *self.1.lock().unwrap() + self.0.elapsed()
    }
}

impl Wall {
    fn forward(&self, seconds: u64) {
        *self.1.lock().unwrap() += secs(seconds);
    }

    fn back(&self, seconds: u64) {
        *self.1.lock().unwrap() -= secs(seconds);
    }
}

/// A schedule for every minute, with what its clock showed when it ran.
struct Minutes {
    schedule: Schedule,
    wall: Arc<Wall>,
    ran: Arc<Mutex<Vec<SystemTime>>>,
}

impl Minutes {
    fn new(builder: Builder) -> Self {
        // Ten seconds after a midnight that the clock may be stepped back over.
        let wall = Arc::new(Wall(Instant::now(), Mutex::new(at(100_010))));
        let ran = Arc::new(Mutex::new(Vec::new()));
        let calendar = Arc::new(Every { seconds: 60, last: u64::MAX / 2 });
        let (clock, noted) = (Arc::clone(&wall), Arc::clone(&ran));
        let Builder { start, options } = builder.clock(wall.clone());
        let schedule = start_calendar(start, options, calendar, move || {
            noted.lock().unwrap().push(clock.now());
            async {}
        });
        Self { schedule: schedule.unwrap(), wall, ran }
    }

    /// When it ran, in seconds since the clock began.
    fn ran(&self) -> Vec<u64> {
        let ran = self.ran.lock().unwrap();
        ran.iter().map(|ran| ran.duration_since(at(100_010)).unwrap().as_secs()).collect()
    }

    fn books(&self) -> (u64, u64) {
        (self.schedule.stats().completed, self.schedule.stats().missed)
    }
}

#[tokio::test(start_paused = true)]
async fn it_runs_at_the_instants_that_the_calendar_names() {
    let minutes = Minutes::new(Schedule::builder());
    assert_eq!(minutes.schedule.next(2), [at(100_020), at(100_080)]);
    sleep(secs(200)).await;
    assert_eq!(minutes.ran(), [10, 70, 130, 190]);
    assert_eq!(minutes.books(), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_forward_is_made_up_for_once_within_a_minute() {
    let minutes = Minutes::new(Schedule::builder());
    sleep(secs(15)).await;
    minutes.wall.forward(3_600);
    sleep(secs(60)).await;
    // Seen after 60 seconds, when 60 instants have passed; the next is ten seconds later.
    assert_eq!(minutes.books(), (3, 59));
    sleep(secs(60)).await;
    assert_eq!(minutes.books(), (4, 59), "and the plan goes on");
}

#[tokio::test(start_paused = true)]
async fn of_a_clock_stepped_forward_all_or_nothing_is_made_up_for() {
    for (missed, books) in [(Missed::All(100), (61, 0)), (Missed::All(7), (8, 53)), (Missed::Skip, (1, 60))] {
        let minutes = Minutes::new(Schedule::builder().missed(missed));
        sleep(secs(15)).await;
        minutes.wall.forward(3_595);
        sleep(secs(55)).await;
        assert_eq!(minutes.books(), books, "{missed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_back_repeats_no_instant() {
    let minutes = Minutes::new(Schedule::builder());
    sleep(secs(200)).await;
    minutes.wall.back(150);
    sleep(secs(201)).await;
    // Those at 70, 130 and 190 come again, and have run.
    assert_eq!(minutes.ran(), [10, 70, 130, 190, 250]);
    minutes.wall.back(250);
    sleep(secs(311)).await;
    assert_eq!(minutes.ran(), [10, 70, 130, 190, 250, 310]);
    assert_eq!(minutes.books().1, 0);
}

#[tokio::test(start_paused = true)]
async fn a_clock_stepped_back_before_it_all_began_goes_on_at_once() {
    let minutes = Minutes::new(Schedule::builder());
    sleep(secs(15)).await;
    minutes.wall.back(50_000);
    sleep(secs(240)).await;
    let runs = minutes.books().0;
    assert!((4..=5).contains(&runs), "{runs}");
}

#[tokio::test(start_paused = true)]
async fn jitter_repeats_and_loses_nothing() {
    let minutes =
        Minutes::new(Schedule::builder().jitter(secs(150)).overlap(Overlap::Allow(10)).missed(Missed::All(10)));
    sleep(secs(600)).await;
    assert!(minutes.books().0 >= 7, "{:?}", minutes.ran());
    assert_eq!(minutes.books().1, 0);
}

#[tokio::test(start_paused = true)]
async fn it_may_run_at_once_besides() {
    let minutes = Minutes::new(Schedule::builder().start_immediately().times(3));
    sleep(secs(600)).await;
    assert_eq!(minutes.ran(), [0, 10, 70]);
    assert!(minutes.schedule.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_pause_leaves_instants_out() {
    let minutes = Minutes::new(Schedule::builder());
    sleep(secs(15)).await;
    minutes.schedule.pause();
    sleep(secs(120)).await;
    minutes.schedule.resume();
    sleep(secs(60)).await;
    assert_eq!(minutes.ran(), [10, 190]);
    assert_eq!(minutes.books(), (2, 0));
}

fn start(builder: Builder, last: u64) -> Result<Schedule, InvalidSchedule> {
    let wall = Arc::new(Wall(Instant::now(), Mutex::new(MIDNIGHT)));
    let Builder { start, options } = builder.clock(wall);
    start_calendar(start, options, Arc::new(Every { seconds: 60, last }), || async {})
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_calendar() {
    let schedule = start(Schedule::builder(), 120).unwrap();
    assert_eq!(schedule.next(10), [at(60), at(120)]);
    sleep(secs(121)).await;
    assert!(schedule.is_finished());
    assert_eq!(schedule.stats().completed, 2);
}

#[tokio::test(start_paused = true)]
async fn what_never_runs_is_refused() {
    let said = |builder, last| start(builder, last).unwrap_err().to_string();
    assert_eq!(said(Schedule::builder(), 0), "the calendar has no instant to come: give one that has");
    assert!(said(Schedule::builder().from_end(), 120).starts_with("`from_end` goes with `every`"));
    assert_eq!(said(Schedule::builder().until(at(60)), 120), "nothing would run before `until`: give a later one");
    assert!(start(Schedule::builder().until(at(61)), 120).is_ok());
}
