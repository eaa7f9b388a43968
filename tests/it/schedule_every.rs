//! A schedule runs once in every period, and whatever a run does, the next one comes.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use routine::schedule::{self, Schedule};
use routine::{Group, Inherited, Outcome, Policy, snapshot};
use routine_tests::{Record, Wall, capture, records, run};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// When runs began, in milliseconds since it was made.
#[derive(Clone)]
struct Begun(Arc<Mutex<Vec<u128>>>, Instant);

impl Begun {
    fn new() -> Self {
        Self(Arc::default(), Instant::now())
    }

    fn note(&self) {
        self.0.lock().unwrap().push(self.1.elapsed().as_millis());
    }

    fn all(&self) -> Vec<u128> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn runs_begin_one_period_apart_however_long_they_take() {
    let begun = Begun::new();
    let noted = begun.clone();
    let schedule = schedule::every(SECOND, move || {
        noted.note();
        async { sleep(ms(300)).await }
    })
    .unwrap();
    sleep(ms(4_100)).await;
    assert_eq!(begun.all(), [1_000, 2_000, 3_000, 4_000]);
    assert_eq!((schedule.stats().completed, schedule.stats().running), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn from_end_runs_begin_one_period_after_the_end_of_the_last() {
    let begun = Begun::new();
    let noted = begun.clone();
    let schedule = Schedule::builder().from_end().every(SECOND, move || {
        noted.note();
        async { sleep(ms(2_500)).await }
    });
    sleep(ms(9_000)).await;
    assert_eq!(begun.all(), [1_000, 4_500, 8_000]);
    let stats = schedule.unwrap().stats();
    assert_eq!((stats.skipped, stats.missed), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_first_run_begins_at_once_where_that_is_asked() {
    let begun = Begun::new();
    let noted = begun.clone();
    Schedule::builder()
        .start_immediately()
        .every(SECOND, move || {
            noted.note();
            async {}
        })
        .unwrap();
    sleep(ms(2_500)).await;
    assert_eq!(begun.all(), [0, 1_000, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn it_ends_after_as_many_runs_as_it_was_given() {
    let schedule = Schedule::builder().times(3).every(SECOND, || async { sleep(ms(1_500)).await }).unwrap();
    assert!(schedule.run_now());
    sleep(ms(100)).await;
    assert_eq!(schedule.stats().running, 1);
    sleep(ms(30_000)).await;
    // That of `run_now` does not count, nor those that were skipped.
    assert_eq!((schedule.stats().runs, schedule.stats().completed), (4, 4));
    assert!(schedule.stats().skipped > 0);
    assert!(schedule.is_finished());
    assert!(schedule.next(5).is_empty());
}

#[tokio::test(start_paused = true)]
async fn jitter_moves_each_run_and_never_the_plan() {
    let begun = Begun::new();
    let noted = begun.clone();
    Schedule::builder()
        .jitter(ms(500))
        .every(SECOND, move || {
            noted.note();
            async {}
        })
        .unwrap();
    sleep(ms(200_600)).await;
    let begun = begun.all();
    assert_eq!(begun.len(), 200);
    let mut moved: Vec<_> = begun.iter().zip(1..).map(|(begun, run)| begun - run * 1_000).collect();
    assert!(moved.iter().all(|moved| *moved <= 501), "{moved:?}");
    moved.sort_unstable();
    assert!(moved[20] < 200 && moved[180] > 300, "they lie everywhere in between: {moved:?}");
}

#[tokio::test(start_paused = true)]
async fn errors_and_panics_of_a_run_never_stop_the_next() {
    capture();
    let (sender, mut traces) = mpsc::unbounded_channel();
    let mut number = 0;
    let line = line!() + 1;
    let schedule = Schedule::builder().name("worn").field("part", "belt").every(SECOND, move || {
        number += 1;
        let sender = sender.clone();
        async move {
            sender.send(routine::trace::current().unwrap()).unwrap();
            match number {
                1 => Err("torn"),
                2 => panic!("burst"),
                _ => Ok(()),
            }
        }
    });
    let schedule = schedule.unwrap();
    sleep(ms(3_500)).await;
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.failed, stats.panicked, stats.completed), (3, 1, 1, 1));
    for (run, text) in [("1", "torn"), ("2", "burst")] {
        let trace = traces.recv().await.unwrap();
        let records = records(trace.root());
        assert_eq!(records.len(), 1, "a trace of its own: {records:?}");
        assert_eq!(records[0].field("routine.name"), "worn");
        assert_eq!(records[0].field("routine.fields"), format!("part=belt run={run}"));
        assert_eq!(records[0].field("exception.message"), text);
        assert_eq!(records[0].field("code.line.number"), line.to_string());
        assert_eq!(records[0].field("routine.trace"), trace.to_string());
    }
}

fn told_of(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.field("exception.message")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_closure_is_the_runs() {
    capture();
    static SHOP: Inherited<String> = Inherited::shown("shop");
    let (sender, mut traces) = mpsc::unbounded_channel();
    let mut number = 0;
    let schedule = SHOP.sync_scope("corner".to_owned(), || {
        schedule::every(SECOND, move || {
            number += 1;
            sender.send(routine::trace::current().unwrap()).unwrap();
            assert!(number != 1, "no stock in {}", SHOP.get().unwrap());
            async {}
        })
    });
    let schedule = schedule.unwrap();
    sleep(ms(2_500)).await;
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.panicked, stats.completed), (2, 1, 1));
    assert_eq!(schedule.name(), "a_panic_of_the_closure_is_the_runs");
    let records = records(traces.recv().await.unwrap().root());
    assert_eq!(told_of(&records), ["no stock in corner"]);
    assert_eq!(records[0].field("routine.name"), schedule.name());
    assert_eq!(records[0].field("routine.fields"), "run=1 shop=corner");
    assert!(records[0].field("message").contains(file!()), "it has its place: {records:?}");
}

#[tokio::test(start_paused = true)]
async fn each_run_is_a_routine_without_a_parent() {
    let (sender, mut seen) = mpsc::unbounded_channel();
    let starter = routine::go(async move {
        let own = routine::current().unwrap();
        let schedule = schedule::every(SECOND, move || {
            let sender = sender.clone();
            async move {
                sender.send(routine::current().unwrap()).unwrap();
                sleep(ms(10)).await;
            }
        });
        drop(schedule.map_err(|error| error.to_string())?);
        Ok::<_, String>(own.trace().root())
    });
    let root = starter.await.unwrap();
    let (first, second) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
    for run in [&first, &second] {
        assert_eq!(run.parent(), None);
        assert_eq!(run.name(), "each_run_is_a_routine_without_a_parent");
        assert_ne!(run.trace().root(), root);
    }
    assert_ne!(first.trace().root(), second.trace().root());
    let snapshot = snapshot();
    let row = snapshot.get(second.id()).unwrap();
    assert_eq!(row.fields().collect::<Vec<_>>(), [("run", "2")]);
}

#[tokio::test(start_paused = true)]
async fn runs_go_on_after_the_group_and_the_deadline_that_they_were_made_under() {
    let mut group = Group::builder().deadline(SECOND / 2).build().unwrap();
    group.go(async { schedule::every(SECOND, || async { (!routine::is_cancelled()).then_some(()).ok_or("asked") }) });
    let schedule = group.join().await.unwrap().remove(0);
    sleep(ms(2_500)).await;
    assert_eq!((schedule.stats().completed, schedule.stats().runs), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_too_long_is_ended() {
    let schedule = Schedule::builder().timeout(ms(100)).every(SECOND, std::future::pending::<()>).unwrap();
    sleep(ms(2_500)).await;
    assert_eq!((schedule.stats().timed_out, schedule.stats().skipped), (2, 0));
    let last = schedule.last().unwrap();
    assert_eq!((last.run, last.outcome), (2, Outcome::TimedOut));
    assert_eq!(last.duration.as_millis(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_a_run_gives_may_be_anything() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any("a value");
        }
    }
    let schedule = schedule::every(SECOND, || async { Ok::<_, Infallible>(Bomb) }).unwrap();
    sleep(ms(2_500)).await;
    assert_eq!(schedule.stats().completed, 2);
}

#[tokio::test(start_paused = true)]
async fn a_period_below_the_timers_runs_with_the_timers() {
    let schedule = schedule::every(Duration::from_nanos(1), || async {}).unwrap();
    sleep(ms(100)).await;
    let stats = schedule.stats();
    assert!((90..=101).contains(&stats.runs), "{stats:?}");
    assert!(stats.missed > 90_000_000, "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn the_longest_period_waits() {
    const YEAR: Duration = Duration::from_hours(365 * 24);
    let schedule = schedule::every(YEAR * 100, || async {}).unwrap();
    // Tokio's timers hold some two years.
    for year in 1..=100 {
        assert_eq!(schedule.stats().runs, 0, "after {year} years");
        sleep(YEAR).await;
    }
    sleep(ms(1)).await;
    assert_eq!(schedule.stats().runs, 1);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_schedules_all_run() {
    let schedules: Vec<_> = (0..10_000).map(|_| schedule::every(SECOND, || async {}).unwrap()).collect();
    sleep(ms(3_500)).await;
    assert!(schedules.iter().all(|schedule| schedule.stats().completed == 3));
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_from_its_end_on() {
    let wall = Wall::new();
    let schedule =
        Schedule::builder().clock(wall).until(Wall::at(3)).every(SECOND, || async { sleep(ms(1_500)).await });
    let schedule = schedule.unwrap();
    assert_eq!(schedule.next(10), [Wall::at(1), Wall::at(2)]);
    sleep(ms(2_900)).await;
    assert!(!schedule.is_finished());
    sleep(ms(200)).await;
    assert_eq!((schedule.stats().runs, schedule.stats().skipped), (1, 1));
    assert!(schedule.is_finished());
    sleep(ms(10_000)).await;
    assert_eq!(schedule.stats().runs, 1);
}

#[test]
fn a_run_that_the_process_cannot_do_without_ends_it() {
    let output = run(env!("CARGO_BIN_EXE_must_success_schedule"));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("heart") && said.contains("run=2"), "{said}");
}

#[test]
fn policies_of_runs_are_those_of_routines() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (sender, mut seen) = mpsc::unbounded_channel();
        let schedule = Schedule::builder().policy(Policy::Recover).every(SECOND, move || {
            let sender = sender.clone();
            async move { sender.send(routine::current().unwrap().policy()).unwrap() }
        });
        drop(schedule.unwrap());
        assert_eq!(seen.recv().await, Some(Policy::Recover));
    });
}

/// The spans of schedules' runs that were opened under a parent, and those that they follow from.
#[derive(Clone, Default)]
struct Follows(Arc<Mutex<(usize, Vec<Id>)>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Follows {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let is_run = attributes.metadata().name() == "routine";
        let has_parent = context.span(id).is_some_and(|span| span.parent().is_some());
        self.0.lock().unwrap().0 += usize::from(is_run && has_parent);
    }

    fn on_follows_from(&self, _: &Id, follows: &Id, _: Context<'_, S>) {
        self.0.lock().unwrap().1.push(follows.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn the_spans_of_runs_are_roots_that_follow_from_where_the_schedule_was_made() {
    let seen = Follows::default();
    let _default = tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    let request = tracing::info_span!("request");
    let id = request.id().unwrap();
    let schedule = request.in_scope(|| schedule::every(SECOND, || async {})).unwrap();
    drop(request);
    sleep(ms(2_500)).await;
    assert_eq!(schedule.stats().runs, 2);
    assert_eq!(*seen.0.lock().unwrap(), (0, vec![id.clone(), id]));
}
