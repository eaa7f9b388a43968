//! A loop that must not end is run again when it does, as often as its budget allows, as one routine.

use std::error::Error as _;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use routine::supervise::{ChildSpec, Supervisor};
use routine::{
    Backoff, Builder, Error, Group, Outcome, Policy, Restart, RestartKind, RestartsExhausted, SpanMode, cancelled,
    snapshot,
};
use routine_tests::{Drops, capture, records};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// The seconds at which runs began.
#[derive(Clone)]
struct Runs(Arc<Mutex<Vec<u64>>>, Instant);

impl Runs {
    fn begin() -> Self {
        Self(Arc::default(), Instant::now())
    }

    fn note(&self) -> usize {
        let mut times = self.0.lock().unwrap();
        times.push(self.1.elapsed().as_secs());
        times.len()
    }

    fn times(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

/// The same wait each time, so that a test knows it.
fn every_second(kind: RestartKind, max: u32, within: u64) -> Restart {
    Restart::of(kind).budget(max, Duration::from_secs(within)).unwrap().backoff(Backoff::constant(SECOND))
}

/// Ends a run.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Returns,
    Fails,
    Panics,
    FailsOverTheClosure,
}

impl Ends {
    async fn end(self) -> Result<(), String> {
        match self {
            Self::Returns => Ok(()),
            Self::Fails => Err("it failed".to_owned()),
            Self::Panics | Self::FailsOverTheClosure => panic!("it panicked"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_kind_is_restarted_after_the_endings_that_are_its_own() {
    use Ends::{Fails, FailsOverTheClosure, Panics, Returns};
    for (kind, ends, outcome, runs) in [
        (RestartKind::Permanent, Returns, Outcome::Failed, 3),
        (RestartKind::Permanent, Fails, Outcome::Failed, 3),
        (RestartKind::Permanent, Panics, Outcome::Failed, 3),
        (RestartKind::Permanent, FailsOverTheClosure, Outcome::Failed, 3),
        (RestartKind::Transient, Returns, Outcome::Completed, 1),
        (RestartKind::Transient, Fails, Outcome::Failed, 3),
        (RestartKind::Transient, Panics, Outcome::Failed, 3),
        (RestartKind::Transient, FailsOverTheClosure, Outcome::Failed, 3),
        (RestartKind::Temporary, Returns, Outcome::Completed, 1),
        (RestartKind::Temporary, Fails, Outcome::Failed, 1),
        (RestartKind::Temporary, Panics, Outcome::Panicked, 1),
        (RestartKind::Temporary, FailsOverTheClosure, Outcome::Panicked, 1),
    ] {
        let noted = Runs::begin();
        let seen = noted.clone();
        let handle = Builder::new().quiet().spawn_restart(every_second(kind, 2, 60), move || {
            seen.note();
            assert!(!matches!(ends, FailsOverTheClosure), "the closure");
            ends.end()
        });
        let ended = handle.await.map_or_else(|error| error.outcome().unwrap(), |()| Outcome::Completed);
        assert_eq!((ended, noted.times().len()), (outcome, runs), "{kind} {ends:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_used_up_budget_is_a_failure_with_the_last_one_as_its_source() {
    capture();
    for ends in [Ends::Fails, Ends::Panics, Ends::Returns] {
        let handle = Builder::new()
            .name("consumer")
            .policy(Policy::Recover)
            .spawn_restart(every_second(RestartKind::Permanent, 2, 60), move || ends.end());
        let (id, root) = (handle.id(), handle.trace().root());
        let error = handle.await.unwrap_err();
        let exhausted = error.downcast_ref::<RestartsExhausted>().expect("it is in the chain");
        assert_eq!((exhausted.restarts(), exhausted.within()), (2, SECOND * 60));
        let source = exhausted.source().map(ToString::to_string);
        match ends {
            Ends::Fails => assert_eq!(source.as_deref(), Some("it failed")),
            Ends::Returns => assert_eq!(source, None),
            _ => {
                let panicked = exhausted.source().unwrap().downcast_ref::<Error>().expect("a panic is an `Error`");
                let panic = panicked.panic().unwrap();
                assert_eq!(panic.message(), "it panicked");
                assert!(panic.location().is_some() && panic.stack().is_some(), "{panic:?}");
            }
        }
        let records = records(root);
        let numbers: Vec<_> = records.iter().map(|record| record.field("routine.restart").to_owned()).collect();
        assert_eq!(numbers, ["1", "2", "2", ""], "{records:#?}");
        let nexts: Vec<_> = records.iter().map(|record| record.field("routine.next").to_owned()).collect();
        assert_eq!(nexts, ["1s", "1s", "", ""]);
        let told = records[0].field("message");
        match ends {
            Ends::Fails => {
                assert_eq!(told, "routine `consumer` failed, restart 1 follows in 1s: it failed");
            }
            Ends::Returns => {
                assert_eq!(told, "routine `consumer` ended, restart 1 follows in 1s: it returned, and was to run on");
            }
            _ => assert!(told.ends_with(", restart 1 follows in 1s: it panicked"), "{told}"),
        }
        let last = &records[3];
        assert_eq!(
            last.field("message"),
            "routine `consumer` failed: it ended after 2 restarts within 60s, its budget"
        );
        assert_eq!(last.field("routine.fields"), "restarts=2");
        assert!(records.iter().all(|record| record.field("routine.id") == id.to_string()), "one routine");
    }
}

/// When a budget of 10 was used up, if that was within the hour.
async fn used_up(began: Instant, ended: impl Future<Output = Result<(), Error>>) -> Option<Duration> {
    let error = timeout(SECOND * 3600, ended).await.ok()?.unwrap_err();
    assert_eq!(error.downcast_ref::<RestartsExhausted>().map(RestartsExhausted::restarts), Some(10));
    Some(began.elapsed())
}

/// How long the budget that nobody chose lasts a loop, and a supervisor's only child, that fail at once each time until `back`.
async fn default_budgets(back: Duration) -> [Option<Duration>; 2] {
    let began = Instant::now();
    let fails = move || async move {
        if began.elapsed() < back { Err("it is gone") } else { pending::<Result<(), _>>().await }
    };
    let looped = Builder::new().quiet().spawn_restart(Restart::permanent(), fails);
    let supervisor = Supervisor::builder("gone").child(ChildSpec::new("worker", fails)).build().unwrap();
    let supervisor = supervisor.start().await.unwrap();
    tokio::join!(used_up(began, looped), used_up(began, supervisor.ended())).into()
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_for_half_a_minute_does_not_use_up_the_budget_that_nobody_chose() {
    for _ in 0..100 {
        assert_eq!(default_budgets(SECOND * 40).await, [None, None]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_back_uses_up_the_budget_that_nobody_chose_in_a_minute_or_so() {
    let mut sum = Duration::ZERO;
    for _ in 0..100 {
        for lasted in default_budgets(Duration::MAX).await {
            let lasted = lasted.expect("it is used up");
            // Tokio's timers end at the next millisecond.
            assert!(lasted > Duration::from_millis(40_550) && lasted < Duration::from_millis(81_120), "{lasted:?}");
            sum += lasted;
        }
    }
    let mean = sum / 200;
    assert!(mean > SECOND * 57 && mean < SECOND * 65, "{mean:?}");
}

#[tokio::test(start_paused = true)]
async fn children_that_fail_together_share_the_budget_that_nobody_chose() {
    let began = Instant::now();
    let names = ["a", "b", "c", "d", "e"].into_iter();
    let child = |name| ChildSpec::new(name, || async { Err::<(), _>("it is gone") });
    let supervisor = names.fold(Supervisor::builder("gone"), |all, name| all.child(child(name))).build().unwrap();
    let lasted = used_up(began, supervisor.start().await.unwrap().ended()).await.expect("it is used up");
    assert!(lasted < SECOND / 2, "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn restarts_that_are_far_enough_apart_never_use_up_the_budget() {
    let noted = Runs::begin();
    let seen = noted.clone();
    let restart = every_second(RestartKind::Permanent, 2, 10);
    let handle = Builder::new().quiet().spawn_restart(restart, move || {
        let number = seen.note();
        async move {
            // Two restarts within any 10 s are allowed, and the third comes at the end.
            sleep(if number < 20 { SECOND * 5 } else { SECOND }).await;
        }
    });
    let error = handle.await.unwrap_err();
    assert!(error.downcast_ref::<RestartsExhausted>().is_some());
    let times = noted.times();
    assert!(times.windows(2).take(19).all(|pair| pair[1] - pair[0] == 6), "{times:?}");
    assert_eq!(times.len(), 20, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn the_back_off_grows_and_begins_anew_after_a_quiet_window() {
    let noted = Runs::begin();
    let seen = noted.clone();
    let restart =
        Restart::permanent().budget(100, SECOND * 100).unwrap().backoff(Backoff::custom(|attempt| SECOND * attempt));
    let handle = Builder::new().spawn_restart(restart, move || {
        let number = seen.note();
        async move {
            match number {
                4 => sleep(SECOND * 100).await,
                7 => pending().await,
                _ => {}
            }
        }
    });
    sleep(SECOND * 1_000).await;
    assert_eq!(noted.times(), [0, 1, 3, 6, 107, 109, 112]);
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_back_off_that_panics_ends_it_and_the_failure_before_is_told() {
    capture();
    let restart = Restart::permanent().backoff(Backoff::custom(|_| panic!("no idea")));
    let handle = Builder::new().name("fragile").spawn_restart(restart, || async { Err::<(), _>("the disk is full") });
    let root = handle.trace().root();
    let error = handle.await.unwrap_err();
    let panic = error.panic().expect("it panicked");
    assert_eq!(panic.message(), "no idea");
    assert!(panic.location().is_some_and(|place| place.contains("restart.rs")), "{panic:?}");
    let records = records(root);
    assert_eq!(
        records[0].field("message"),
        "routine `fragile` failed, and is not restarted any more: the disk is full"
    );
    assert!(records[1].field("message").starts_with("routine `fragile` panicked at "), "{records:#?}");
    assert_eq!(records.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_loop_keeps_its_name_and_trace_and_is_one_entry_that_tells_its_restarts() {
    let before = routine::stats().started;
    let identities = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&identities);
    let restart = every_second(RestartKind::Permanent, 5, 60);
    let handle = Builder::new().name("loop").spawn_restart(restart, move || {
        let current = routine::current().unwrap();
        seen.lock().unwrap().push((current.id(), current.name().to_owned(), current.trace().to_string()));
        sleep(SECOND * 9)
    });
    let id = handle.id();
    sleep(SECOND * 25).await;
    let snapshot = snapshot();
    let row = snapshot.get(id).expect("it is listed");
    assert!(row.fields().any(|field| field == ("restarts", "2")), "{row:?}");
    assert!(snapshot.routines().filter(|routine| routine.name() == "loop").count() == 1);
    let own = (id, "loop".to_owned(), handle.trace().to_string());
    assert_eq!(*identities.lock().unwrap(), [own.clone(), own.clone(), own]);
    assert!(routine::stats().started > before);
    handle.abort();
    handle.await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn its_span_is_a_root_span_unless_somebody_chose_another() {
    capture();
    for (chosen, nested) in [(None, false), (Some(SpanMode::Child), true)] {
        let around = Builder::new().spawn_value(async move {
            let builder = Builder::new().quiet();
            let builder = if let Some(mode) = chosen { builder.span(mode) } else { builder };
            let restart = Restart::permanent().budget(0, SECOND).unwrap();
            let handle = builder.spawn_restart(restart, || async { Err::<(), _>("it failed") });
            let id = handle.id();
            handle.await.unwrap_err();
            id
        });
        let (outer, root) = (around.id().to_string(), around.trace().root());
        let own = around.await.unwrap().to_string();
        let expected = if nested { vec![outer, own] } else { vec![own] };
        assert_eq!(records(root)[0].spans, expected, "{chosen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_in_a_wait_it_ends_at_once_and_well() {
    let before = Instant::now();
    let restart = Restart::permanent().backoff(Backoff::constant(SECOND * 100));
    let handle = Builder::new().spawn_restart(restart, || async { Err::<(), _>("told as a warning") });
    sleep(SECOND * 50).await;
    handle.cancel();
    handle.await.unwrap();
    assert_eq!(before.elapsed(), SECOND * 50);
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_in_a_run_it_ends_as_that_run_does() {
    for fails in [false, true] {
        let noted = Runs::begin();
        let seen = noted.clone();
        let handle = Builder::new().quiet().spawn_restart(Restart::permanent(), move || {
            seen.note();
            async move {
                cancelled().await;
                if fails { Err("on the way out") } else { Ok(()) }
            }
        });
        tokio::task::yield_now().await;
        handle.cancel();
        assert_eq!(handle.await.is_err(), fails);
        assert_eq!(noted.times().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn under_a_deadline_no_run_begins_after_it() {
    let noted = Runs::begin();
    let seen = noted.clone();
    let group = Group::<()>::builder().deadline(SECOND * 10).grace(SECOND * 90).build::<()>().unwrap();
    let member = group.scope().go_value(async move {
        let restart = Restart::permanent().backoff(Backoff::constant(SECOND * 4));
        let looped = Builder::new().quiet().spawn_restart(restart, move || {
            seen.note();
            async { Err::<(), _>("the last") }
        });
        looped.await.unwrap_err().to_string()
    });
    assert!(member.await.unwrap().ends_with("the last"));
    assert_eq!(noted.times(), [0, 4, 8]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_that_of_the_loop_as_a_whole() {
    let restart = Restart::permanent().budget(u32::MAX, Duration::MAX).unwrap().backoff(Backoff::constant(SECOND));
    let handle = Builder::new().timeout(SECOND * 30).spawn_restart(restart, || async {});
    assert!(handle.await.unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn what_a_run_leaves_is_dropped_before_the_next_one_begins() {
    let drops = Drops::default();
    let guarded = drops.clone();
    let mut runs = 0;
    let handle = Builder::new().spawn_restart(every_second(RestartKind::Transient, 9, 60), move || {
        assert_eq!(guarded.count(), runs);
        runs += 1;
        let (guard, last) = (guarded.guard(), runs == 4);
        async move {
            tokio::task::yield_now().await;
            if last { Ok(guard) } else { Err("again") }
        }
    });
    handle.await.unwrap();
    assert_eq!(drops.count(), 4, "and so is what it returns");
}

#[test]
fn nonsense_is_refused_with_what_to_do() {
    let error = Restart::permanent().budget(3, Duration::ZERO).unwrap_err();
    assert!(error.to_string().ends_with("give the budget a longer time"), "{error}");
}
