//! What can be done with a schedule, and what can be asked of it.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use routine::prelude::*;
use routine::schedule::{self, Overlap, Schedule};
use routine::{Inherited, Outcome};
use routine_tests::{Drops, Wall};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};
use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn a_run_by_hand_does_not_move_the_plan() {
    let schedule = schedule::every(SECOND, || async {}).unwrap();
    sleep(ms(500)).await;
    assert!(schedule.run_now());
    yield_now().await;
    sleep(ms(1)).await;
    assert_eq!(schedule.stats().completed, 1);
    sleep(ms(500)).await;
    assert_eq!(schedule.stats().completed, 2, "at 1 second, not at 1.5");
    let from_end = Schedule::builder().from_end().every(SECOND, || async {}).unwrap();
    sleep(ms(500)).await;
    assert!(from_end.run_now());
    sleep(ms(501)).await;
    assert_eq!(from_end.stats().completed, 2);
}

#[tokio::test(start_paused = true)]
async fn a_pause_leaves_instants_out_and_the_plan_stays_on_them() {
    let begun = Instant::now();
    let (sender, mut runs) = mpsc::unbounded_channel();
    let schedule = schedule::every(SECOND, move || {
        sender.send(begun.elapsed().as_millis()).unwrap();
        async {}
    });
    let schedule = schedule.unwrap();
    sleep(ms(1_200)).await;
    schedule.pause();
    assert!(schedule.next(3).is_empty());
    sleep(ms(5_300)).await;
    assert_eq!(schedule.stats().runs, 1);
    assert!(schedule.run_now(), "a pause is of the plan alone");
    sleep(ms(10)).await;
    schedule.resume();
    schedule.resume();
    sleep(ms(1_600)).await;
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.missed, stats.skipped), (4, 0, 0));
    let begun: Vec<_> = std::iter::from_fn(|| runs.try_recv().ok()).collect();
    assert_eq!(begun, [1_000, 6_500, 7_000, 8_000]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_during_a_pause_is_followed_after_it() {
    let schedule = Schedule::builder().from_end().every(SECOND, || async { sleep(ms(500)).await }).unwrap();
    sleep(ms(1_200)).await;
    schedule.pause();
    sleep(ms(10_000)).await;
    assert_eq!(schedule.stats().runs, 1);
    schedule.resume();
    sleep(ms(1_000)).await;
    assert_eq!(schedule.stats().runs, 2);
}

#[tokio::test(start_paused = true)]
async fn stop_waits_for_a_run_that_ends_within_the_grace() {
    let schedule = schedule::every(SECOND, || async { sleep(ms(700)).await }).unwrap();
    sleep(ms(1_100)).await;
    let before = Instant::now();
    schedule.stop(SECOND).await;
    assert_eq!(before.elapsed().as_millis(), 600);
    assert!(schedule.is_finished());
    assert_eq!((schedule.stats().completed, schedule.stats().cancelled), (1, 0));
    assert!(!schedule.run_now());
    sleep(ms(10_000)).await;
    assert_eq!(schedule.stats().runs, 1);
    schedule.stop(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn stop_asks_a_run_to_stop_and_aborts_it_after_the_grace() {
    let drops = Drops::default();
    let held = drops.clone();
    let schedule = Schedule::builder().overlap(Overlap::Allow(2)).every(SECOND, move || {
        let guard = held.guard();
        async move {
            let _guard = guard;
            routine::cancelled().await;
        }
    });
    let polite = schedule.unwrap();
    sleep(ms(2_500)).await;
    let before = Instant::now();
    polite.stop(SECOND).await;
    assert_eq!(before.elapsed().as_millis(), 0, "they were asked, and went");
    assert_eq!((polite.stats().completed, polite.stats().cancelled, drops.count()), (2, 0, 2));

    let rude = schedule::every(SECOND, pending::<()>).unwrap();
    sleep(ms(1_500)).await;
    let before = Instant::now();
    rude.stop(ms(300)).await;
    assert_eq!(before.elapsed().as_millis(), 300);
    assert_eq!((rude.stats().completed, rude.stats().cancelled, rude.stats().running), (0, 1, 0));
    assert_eq!(rude.last().map(|last| last.outcome), Some(Outcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_run_is_left_out_by_a_stop() {
    let schedule =
        Schedule::builder().overlap(Overlap::Queue).every(SECOND, || async { sleep(ms(1_500)).await }).unwrap();
    sleep(ms(2_100)).await;
    schedule.stop(SECOND).await;
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.completed, stats.skipped), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_may_stop_its_own_schedule_and_goes_on() {
    let drops = Drops::default();
    let held = drops.guard();
    let (sender, mut ended) = mpsc::unbounded_channel();
    let schedule = schedule::every(SECOND, move || {
        let (sender, _held) = (sender.clone(), &held);
        async move {
            let before = Instant::now();
            schedule::current().unwrap().stop(SECOND).await;
            assert!(!routine::is_cancelled());
            sleep(ms(1_700)).await;
            sender.send(before.elapsed()).unwrap();
        }
    });
    let schedule = schedule.unwrap();
    assert_eq!(ended.recv().await.unwrap().as_millis(), 1_700);
    yield_now().await;
    assert!(schedule.is_finished());
    assert_eq!(schedule.stats().completed, 1);
    assert_eq!(drops.count(), 1, "the closure is gone");
}

#[routine(in_place)]
async fn stop_in_place(grace: Duration) {
    schedule::current().unwrap().stop(grace).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_inside_a_run_waits_for_the_others_alone() {
    let mut number = 0;
    let schedule = Schedule::builder().overlap(Overlap::Allow(2)).every(SECOND, move || {
        number += 1;
        async move {
            if number == 1 {
                pending::<()>().await;
            }
            let before = Instant::now();
            stop_in_place(ms(200)).await;
            assert_eq!(before.elapsed().as_millis(), 200);
        }
    });
    let schedule = schedule.unwrap();
    sleep(ms(2_100)).await;
    assert!(!schedule.is_finished());
    sleep(ms(200)).await;
    assert!(schedule.is_finished());
    assert_eq!((schedule.stats().cancelled, schedule.stats().completed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_run_and_what_it_starts_know_their_schedule() {
    assert!(schedule::current().is_none());
    let (sender, mut names) = mpsc::unbounded_channel();
    let outer = Schedule::builder().name("outer").times(1).every(SECOND, move || {
        let sender = sender.clone();
        async move {
            let name = || schedule::current().map(|schedule| schedule.name().to_owned());
            let started = routine::go_value(async move { name() });
            sender.send(started.await.unwrap()).unwrap();
            let inner = Schedule::builder().name("inner").times(1).every(SECOND, move || {
                sender.send(name()).unwrap();
                async {}
            });
            drop(inner.unwrap());
        }
    });
    drop(outer.unwrap());
    assert_eq!(names.recv().await.unwrap().as_deref(), Some("outer"));
    assert_eq!(names.recv().await.unwrap().as_deref(), Some("inner"));
}

#[tokio::test(start_paused = true)]
async fn runs_inherit_what_was_set_where_the_schedule_was_made() {
    static TENANT: Inherited<u32> = Inherited::new("tenant");
    let (sender, mut tenants) = mpsc::unbounded_channel();
    let schedule = TENANT.sync_scope(7, || {
        schedule::every(SECOND, move || {
            sender.send((TENANT.get(), schedule::current().is_some())).unwrap();
            async {}
        })
    });
    drop(schedule.unwrap());
    assert_eq!(tenants.recv().await, Some((Some(7), true)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_concerns_no_other_schedule() {
    let schedules = [(); 3].map(|()| schedule::every(SECOND, || async {}).unwrap());
    sleep(ms(1_500)).await;
    schedules[1].stop(SECOND).await;
    sleep(ms(1_000)).await;
    assert_eq!(schedules.map(|schedule| schedule.stats().completed), [2, 1, 2]);
}

/// Asks for another run while the first span of a routine is being made.
struct Hurries(Mutex<Option<Schedule>>);

impl<S: Subscriber> Layer<S> for Hurries {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let schedule = self.0.lock().unwrap().take_if(|_| attributes.metadata().name() == "routine");
        if let Some(schedule) = schedule {
            assert!(schedule.run_now());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_aborted_while_it_begins_ends() {
    let schedule = Schedule::builder().overlap(Overlap::CancelOld).every(SECOND, pending::<()>).unwrap();
    let hurries = Hurries(Mutex::new(Some(schedule.clone())));
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(hurries));
    sleep(ms(1_500)).await;
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.cancelled, stats.running), (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_leaves_it_running() {
    let (sender, mut runs) = mpsc::unbounded_channel();
    drop(schedule::every(SECOND, move || {
        sender.send(()).unwrap();
        async {}
    }));
    for _ in 0..3 {
        runs.recv().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_to_come_is_told() {
    let wall = Wall::new();
    let schedule = Schedule::builder().clock(wall).times(5).every(SECOND, || async { sleep(ms(100)).await }).unwrap();
    assert_eq!(schedule.next(3), [Wall::at(1), Wall::at(2), Wall::at(3)]);
    sleep(ms(1_500)).await;
    assert_eq!(schedule.next(2), [Wall::at(2), Wall::at(3)]);
    assert_eq!(schedule.next(usize::MAX).len(), 4, "one of five has begun");
    let endless = schedule::every(SECOND, || async {}).unwrap();
    assert_eq!(endless.next(usize::MAX).len(), 1_000);
    assert!(endless.next(0).is_empty());
    let wall = Wall::new();
    let from_end = Schedule::builder().clock(wall).from_end().every(SECOND, || async { sleep(SECOND).await }).unwrap();
    assert_eq!(from_end.next(3), [Wall::at(1)]);
    sleep(ms(1_500)).await;
    assert!(from_end.next(3).is_empty(), "it hangs on when the run ends");
}

#[tokio::test(start_paused = true)]
async fn how_the_last_run_ended_is_told() {
    let mut number = 0;
    let schedule = schedule::every(SECOND, move || {
        number += 1;
        async move {
            sleep(ms(number * 100)).await;
            if number == 1 { Ok(()) } else { Err("second") }
        }
    });
    let schedule = schedule.unwrap();
    assert_eq!(schedule.last(), None);
    sleep(ms(1_500)).await;
    let last = schedule.last().unwrap();
    assert_eq!((last.run, last.outcome, last.duration.as_millis()), (1, Outcome::Completed, 100));
    sleep(ms(1_000)).await;
    let last = schedule.last().unwrap();
    assert_eq!((last.run, last.outcome, last.duration.as_millis()), (2, Outcome::Failed, 200));
}

#[test]
fn a_runtime_that_ends_ends_its_schedules() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let drops = Drops::default();
    let (guard, started) = (drops.guard(), Arc::new(Notify::new()));
    let schedule = runtime.block_on(async {
        let inside = Arc::clone(&started);
        let schedule = schedule::every(Duration::from_hours(1), move || {
            let (started, _held) = (Arc::clone(&inside), &guard);
            async move {
                started.notify_one();
                pending::<()>().await;
            }
        });
        let schedule = schedule.unwrap();
        assert!(schedule.run_now());
        started.notified().await;
        schedule
    });
    drop(runtime);
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.cancelled, stats.running), (1, 1, 0));
    assert!(schedule.is_finished());
    assert!(!schedule.run_now());
    assert!(schedule.next(1).is_empty());
    assert_eq!(drops.count(), 1);
    // Nothing is left to wait for, so there is no need for a timer.
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    other.block_on(schedule.stop(SECOND));
}

#[test]
fn a_runtime_that_ends_before_it_ran_anything_ends_its_schedules_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let schedule = {
        let _inside = runtime.enter();
        schedule::every(SECOND, || async {}).unwrap()
    };
    drop(runtime);
    assert!(schedule.is_finished());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_on_another_thread_sees_every_run() {
    for _ in 0..200 {
        let (sender, stopped) = oneshot::channel::<()>();
        let schedule = Schedule::builder().overlap(Overlap::Allow(8)).every(Duration::from_hours(1), pending::<()>);
        let schedule = schedule.unwrap();
        let other = schedule.clone();
        let asking = tokio::spawn(async move {
            let mut asked = 0;
            while other.run_now() {
                asked += 1;
                yield_now().await;
            }
            drop(sender);
            asked
        });
        yield_now().await;
        schedule.stop(Duration::ZERO).await;
        assert!(schedule.is_finished());
        let stats = schedule.stats();
        assert_eq!(stats.runs, stats.cancelled, "{stats:?}");
        assert!(stopped.await.is_err());
        assert!(asking.await.unwrap() <= 8);
    }
}
