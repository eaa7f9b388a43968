//! What runs once, later.

use std::time::Duration;

use routine::schedule::{self, Schedule};
use routine::{Handle, Inherited, RoutineState, snapshot, trace};
use routine_tests::{Drops, capture, records};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn it_runs_after_its_time_and_gives_its_value() {
    let made = Instant::now();
    let run = schedule::after(SECOND, move || async move { Ok::<_, &str>(made.elapsed().as_millis()) });
    assert_eq!(run.await.unwrap(), 1_000);
    schedule::after(Duration::ZERO, || async {}).await.unwrap();
    assert_eq!(made.elapsed().as_millis(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn it_is_a_routine_from_the_start_and_a_child() {
    static TENANT: Inherited<u32> = Inherited::new("tenant");
    let (sender, seen) = oneshot::channel();
    let starter = routine::go_value(async move {
        let own = routine::current().unwrap();
        let run = TENANT.sync_scope(7, || {
            schedule::after(SECOND, move || {
                // Also the closure is called inside it.
                let (trace, tenant) = (trace::current().unwrap(), TENANT.get());
                sender.send((trace, tenant, schedule::current().is_none())).map_err(|_| "nobody listens").unwrap();
                async {}
            })
        });
        (own, run)
    });
    let (own, run) = starter.await.unwrap();
    sleep(SECOND / 2).await;
    {
        let snapshot = snapshot();
        let row = snapshot.get(run.id()).unwrap();
        assert_eq!((row.state(), row.parent()), (RoutineState::Queued, Some(own.id())));
    }
    assert_eq!(run.trace().root(), own.trace().root());
    assert_eq!(seen.await.unwrap(), (run.trace(), Some(7), true));
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_abort_ends_it_before_it_began() {
    let drops = Drops::default();
    let guard = drops.guard();
    let run = schedule::after(SECOND, || async move { drop(guard) });
    tokio::task::yield_now().await;
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    assert_eq!(drops.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn its_timeout_counts_from_when_it_began() {
    let slow = Schedule::builder().timeout(SECOND / 2).after(SECOND, || async { sleep(SECOND).await }).unwrap();
    let quick = Schedule::builder().timeout(SECOND / 2).after(SECOND, || async { sleep(SECOND / 4).await }).unwrap();
    assert!(slow.await.unwrap_err().is_timeout());
    quick.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_its_closure_is_its_own() {
    capture();
    let run: Handle<()> = schedule::after(SECOND, || -> std::future::Ready<()> { panic!("too late") });
    let root = run.trace().root();
    assert!(run.await.unwrap_err().is_panic());
    let records = records(root);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].field("exception.message"), "too late");
    assert_eq!(records[0].field("routine.name"), "a_panic_of_its_closure_is_its_own");
}

#[tokio::test(start_paused = true)]
async fn hooks_run_when_it_begins() {
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let made = Instant::now();
    let _hook = routine::add_before_routine(move |begin| {
        if begin.name() == "hooked later" {
            let _ = sender.send(made.elapsed().as_millis());
        }
    });
    let run = Schedule::builder().name("hooked later").after(SECOND, || async {}).unwrap();
    run.await.unwrap();
    assert_eq!(seen.recv().await, Some(1_000));
}

#[tokio::test(start_paused = true)]
async fn a_time_beyond_all_use_never_ends() {
    let run = schedule::after(Duration::MAX, || async {});
    for _ in 0..300 {
        sleep(Duration::from_hours(365 * 24)).await;
    }
    assert!(!run.is_finished());
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_leaves_it_waiting() {
    let (sender, ran) = oneshot::channel();
    drop(schedule::after(SECOND, || async move { sender.send(()).map_err(|()| "nobody listens") }));
    ran.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_wait_at_once() {
    let runs: Vec<_> = (0..10_000_u64).map(|n| schedule::after(SECOND * (n % 7) as u32, || async {})).collect();
    for run in runs {
        run.await.unwrap();
    }
}
