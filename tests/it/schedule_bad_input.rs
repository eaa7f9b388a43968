//! What can never run is refused with an error that says what to do, and nothing panics.

use std::time::{Duration, SystemTime};

use routine::schedule::{self, InvalidSchedule, Missed, Overlap, Schedule};
use routine_tests::Wall;

const SECOND: Duration = Duration::from_secs(1);

fn said<T>(result: Result<T, InvalidSchedule>) -> String {
    match result {
        Ok(_) => "nothing: it was taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_period_of_nothing_is_refused() {
    let refused = schedule::every(Duration::ZERO, || async {});
    assert_eq!(said(refused), "a period of 0 would run without end: give it one above 0");
}

#[tokio::test]
async fn lengths_beyond_all_use_are_refused() {
    for period in [Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_hours(101 * 366 * 24)] {
        let refused = said(schedule::every(period, || async {}));
        assert!(refused.starts_with("a period of ") && refused.ends_with("keep it below 100 years"), "{refused}");
        let refused = said(Schedule::builder().start_immediately().from_end().every(period, || async {}));
        assert!(refused.starts_with("a period of "), "{refused}");
        let refused = said(Schedule::builder().after(period, || async {}));
        assert!(refused.starts_with("a delay of "), "{refused}");
        let refused = said(Schedule::builder().jitter(period).every(SECOND, || async {}));
        assert!(refused.starts_with("a jitter of "), "{refused}");
        let refused = said(Schedule::builder().jitter(period).after(SECOND, || async {}));
        assert!(refused.starts_with("a jitter of "), "{refused}");
    }
    let far = SystemTime::now() + Duration::from_hours(200 * 366 * 24);
    let refused = said(schedule::at(far, || async {}));
    assert!(refused.starts_with("a delay of "), "{refused}");
}

#[tokio::test]
async fn an_instant_that_has_passed_is_refused() {
    let wall = Wall::new();
    let refused = Schedule::builder().clock(wall.clone()).at(Wall::midnight() - SECOND, || async {});
    let refused = said(refused);
    assert!(
        refused.starts_with("the instant was ") && refused.ends_with(" ago: give one to come, or use `go`"),
        "{refused}"
    );
    let refused = said(schedule::at(SystemTime::UNIX_EPOCH, || async {}));
    assert!(refused.starts_with("the instant was "), "{refused}");
    for until in [Wall::midnight() - SECOND, Wall::midnight(), Wall::at(1)] {
        let refused = Schedule::builder().clock(wall.clone()).until(until).every(SECOND * 2, || async {});
        assert_eq!(said(refused), "nothing would run before `until`: give a later one");
    }
    let late = Schedule::builder().clock(wall).until(Wall::at(1)).start_immediately().every(SECOND * 2, || async {});
    assert!(late.is_ok(), "one run is before that end");
}

#[tokio::test]
async fn counts_of_nothing_are_refused() {
    let refused = Schedule::builder().times(0).every(SECOND, || async {});
    assert_eq!(said(refused), "`times(0)` would never run: give it at least 1");
    let refused = Schedule::builder().overlap(Overlap::Allow(0)).every(SECOND, || async {});
    assert_eq!(said(refused), "`Overlap::Allow(0)` would never run: give it at least 1");
    let refused = Schedule::builder().missed(Missed::All(0)).every(SECOND, || async {});
    assert_eq!(said(refused), "`Missed::All(0)` makes up for nothing: use `Missed::Skip`");
}

#[tokio::test]
async fn a_jitter_that_reaches_the_next_run_is_refused() {
    for jitter in [SECOND, SECOND * 2] {
        let refused = said(Schedule::builder().jitter(jitter).every(SECOND, || async {}));
        assert!(refused.ends_with("would move runs past the next: keep it below the period, 1s"), "{refused}");
    }
}

#[tokio::test]
async fn what_says_how_runs_repeat_is_refused_for_what_runs_once() {
    let now = SystemTime::now();
    for (option, builder) in [
        ("from_end", Schedule::builder().from_end()),
        ("overlap", Schedule::builder().overlap(Overlap::Queue)),
        ("missed", Schedule::builder().missed(Missed::Skip)),
        ("start_immediately", Schedule::builder().start_immediately()),
        ("times", Schedule::builder().times(1)),
        ("until", Schedule::builder().until(now)),
    ] {
        let refused = said(builder.after(SECOND, || async {}));
        assert_eq!(refused, format!("`{option}` is for what runs often: leave it out, or use `every`"));
    }
}

#[test]
fn outside_a_runtime_a_schedule_is_refused() {
    for refused in [
        schedule::every(SECOND, || async {}).map(drop),
        schedule::at(SystemTime::now() + SECOND, || async {}).map(drop),
        Schedule::builder().after(SECOND, || async {}).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.to_string(), "no tokio runtime here: make the schedule inside one");
        assert!(error.is_out_of_place());
    }
}

#[test]
fn in_a_runtime_without_timers_a_schedule_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let error = schedule::every(SECOND, || async {}).unwrap_err();
        assert_eq!(error.to_string(), "this tokio runtime has no timers: build it with `enable_time`");
        assert!(error.is_out_of_place());
    });
}

#[test]
fn what_cannot_say_so_otherwise_panics_at_the_callers_line() {
    let payload = std::panic::catch_unwind(|| schedule::after(SECOND, || async {})).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().unwrap(), "no tokio runtime here: make the schedule inside one");
}

#[test]
fn what_is_refused_is_no_routine() {
    let before = routine::snapshot();
    drop(schedule::at(SystemTime::UNIX_EPOCH, || async {}));
    let names = |snapshot: &routine::Snapshot| {
        snapshot.routines().filter(|row| row.name() == "what_is_refused_is_no_routine").count()
    };
    assert_eq!((names(&before), names(&routine::snapshot())), (0, 0));
}
