//! A supervisor stops its children in reverse, each within its grace, and leaves nothing behind.

use std::future::pending;
use std::pin::pin;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use futures_util::poll;

use routine::supervise::{ChildErrorKind, ChildSpec, Strategy, Supervisor, SupervisorBuilder, SupervisorHandle};
use routine::{Backoff, Group, RestartKind, add_after_routine, cancelled, snapshot};
use routine_tests::crew::{Crew, Order, pass, settle, states};
use routine_tests::{Drops, capture, records};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

async fn started(supervisor: SupervisorBuilder) -> SupervisorHandle {
    supervisor.build().unwrap().start().await.unwrap()
}

/// A child that takes that long to stop.
fn leisurely(name: &'static str, seconds: u64, drops: &Drops) -> ChildSpec {
    let drops = drops.clone();
    ChildSpec::new(name, move || {
        let guard = drops.guard();
        async move {
            let _guard = guard;
            cancelled().await;
            sleep(Duration::from_secs(seconds)).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_its_end_and_looks_away_holds_up_nobody_else() {
    let (in_hook, is_in_hook) = oneshot::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let ends = Mutex::new(Some((in_hook, goes_on)));
    let hook = add_after_routine(move |end| {
        if end.name() == "ends in a hook" {
            let (in_hook, goes_on) = ends.lock().unwrap().take().unwrap();
            in_hook.send(()).unwrap();
            let _ = goes_on.recv();
        }
    });
    let supervisor = started(Supervisor::builder("ends in a hook").child(Crew::default().child("a"))).await;
    let mut looked_away = pin!(supervisor.ended());
    let mut stop = pin!(supervisor.stop());
    assert!(poll!(stop.as_mut()).is_pending());
    is_in_hook.await.unwrap();
    assert!(poll!(looked_away.as_mut()).is_pending() && poll!(stop.as_mut()).is_pending());
    go_on.send(()).unwrap();
    let stopped = timeout(SECOND * 30, stop).await;
    assert!(stopped.expect("it waits for nobody").overdue().is_empty());
    looked_away.await.unwrap();
    hook.remove();
}

#[tokio::test(start_paused = true)]
async fn children_stop_one_after_the_other_in_reverse() {
    let (crew, drops) = (Crew::default(), Drops::default());
    let builder = Supervisor::builder("ordered")
        .child(crew.child("a"))
        .child(leisurely("slow", 3, &drops))
        .child(leisurely("slower", 4, &drops))
        .child(crew.child("b"));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    let ids: Vec<_> = supervisor.children().iter().map(|child| child.id().unwrap()).collect();
    let before = Instant::now();
    let stop = {
        let supervisor = supervisor.clone();
        tokio::spawn(async move { supervisor.stop().await })
    };
    pass(1).await;
    assert_eq!(states(&supervisor), "a:running slow:running slower:stopping b:terminated");
    pass(4).await;
    assert_eq!(states(&supervisor), "a:running slow:stopping slower:terminated b:terminated");
    assert!(stop.await.unwrap().overdue().is_empty());
    assert_eq!(before.elapsed(), SECOND * 7);
    assert_eq!((crew.log().as_str(), drops.count()), ("+a +b -b -a", 2));
    let snapshot = snapshot();
    assert!(ids.into_iter().chain(supervisor.id()).all(|id| snapshot.get(id).is_none()), "nothing is left");
    supervisor.ended().await.unwrap();
    assert!(supervisor.stop().await.overdue().is_empty(), "once more is no harm");
}

#[tokio::test(start_paused = true)]
async fn temporary_children_that_were_added_to_one_for_one_stop_together_before_those_that_were_there() {
    for (strategy, seconds) in [(Strategy::OneForOne, 3), (Strategy::RestForOne, 300)] {
        let (crew, drops) = (Crew::default(), Drops::default());
        let there = crew.child("there").restart(RestartKind::Temporary);
        let supervisor = started(Supervisor::builder("crowd").strategy(strategy).child(there)).await;
        for number in 0..100 {
            let name: &'static str = format!("worker {number}").leak();
            supervisor.add_child(leisurely(name, 3, &drops).restart(RestartKind::Temporary)).await.unwrap();
        }
        settle(&supervisor).await;
        let before = Instant::now();
        let stop = {
            let supervisor = supervisor.clone();
            tokio::spawn(async move { supervisor.stop().await })
        };
        pass(2).await;
        assert_eq!(crew.log(), "+there");
        assert!(stop.await.unwrap().overdue().is_empty());
        assert_eq!(before.elapsed(), SECOND * seconds, "{strategy:?}");
        assert_eq!((crew.log().as_str(), drops.count()), ("-there", 100));
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_has_its_own_grace_and_is_aborted_after_it_and_named() {
    capture();
    let crew = Crew::default();
    let around = routine::Builder::new().root().spawn_value(async move {
        let builder = Supervisor::builder("graces")
            .child(crew.child("polite"))
            .child(crew.stubborn("default"))
            .child(crew.stubborn("short").grace(SECOND * 2))
            .child(crew.stubborn("none").grace(Duration::ZERO));
        let supervisor = started(builder).await;
        settle(&supervisor).await;
        let before = Instant::now();
        let ids: Vec<_> = supervisor.children().iter().map(|child| child.id().unwrap()).collect();
        let report = supervisor.stop().await;
        assert_eq!(before.elapsed(), SECOND * 7, "5 s, 2 s, and none");
        let overdue: Vec<_> = report.overdue().iter().map(|child| (child.name().to_owned(), child.id())).collect();
        assert_eq!(overdue, [("short".to_owned(), ids[2]), ("default".to_owned(), ids[1])], "in the order of aborts");
    });
    let root = around.trace().root();
    around.await.unwrap();
    let told: Vec<_> = records(root).iter().map(|record| record.field("message").to_owned()).collect();
    assert_eq!(
        told,
        [
            "routine `short` timed out after it was asked to stop, and is aborted: did not end within 2s",
            "routine `default` timed out after it was asked to stop, and is aborted: did not end within 5s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_grace_without_an_end_is_waited_for() {
    for grace in [Duration::MAX, Duration::MAX.saturating_sub(SECOND)] {
        let drops = Drops::default();
        let supervisor =
            started(Supervisor::builder("endless").child(leisurely("slow", 86_400, &drops).grace(grace))).await;
        settle(&supervisor).await;
        let before = Instant::now();
        assert!(supervisor.stop().await.overdue().is_empty());
        assert_eq!(before.elapsed(), SECOND * 86_400);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_restarted_while_it_stops_and_a_failure_on_the_way_out_is_told() {
    capture();
    let around = routine::Builder::new().root().spawn_value(async {
        let crew = Crew::default();
        let drops = Drops::default();
        let failing = ChildSpec::new("failing", || async {
            cancelled().await;
            Err::<(), _>("on the way out")
        });
        let builder = Supervisor::builder("stopping")
            .child(crew.child("early"))
            .child(leisurely("slow", 3, &drops))
            .child(failing);
        let supervisor = started(builder).await;
        settle(&supervisor).await;
        let stop = {
            let supervisor = supervisor.clone();
            tokio::spawn(async move { supervisor.stop().await })
        };
        pass(1).await;
        // By itself, before it is asked.
        crew.tell("early", Order::Fail);
        pass(1).await;
        assert_eq!(states(&supervisor), "early:failed slow:stopping failing:terminated");
        assert!(stop.await.unwrap().overdue().is_empty());
        assert_eq!(crew.runs("early"), 1);
        supervisor.ended().await.unwrap();
    });
    let root = around.trace().root();
    around.await.unwrap();
    let told: Vec<_> = records(root).iter().map(|record| record.field("message").to_owned()).collect();
    assert_eq!(told, ["routine `failing` failed: on the way out", "routine `early` failed: `early` failed"]);
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_while_children_wait_for_their_restart() {
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        let crew = Crew::default();
        let builder = Supervisor::builder("waiting")
            .strategy(strategy)
            .backoff(Backoff::constant(SECOND * 1_000))
            .child(crew.child("a"))
            .child(crew.child("b"));
        let supervisor = started(builder).await;
        settle(&supervisor).await;
        crew.tell("a", Order::Fail);
        pass(1).await;
        let before = Instant::now();
        assert!(supervisor.stop().await.overdue().is_empty());
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!((crew.runs("a"), crew.runs("b")), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn it_stops_while_siblings_stop_for_a_restart_and_while_children_start() {
    let crew = Crew::default();
    let builder = Supervisor::builder("siblings")
        .strategy(Strategy::OneForAll)
        .child(crew.child("a"))
        .child(crew.stubborn("b").grace(SECOND * 9));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    crew.tell("a", Order::Fail);
    pass(4).await;
    let before = Instant::now();
    assert_eq!(supervisor.stop().await.overdue().len(), 1);
    assert_eq!(before.elapsed(), SECOND * 5, "the grace that it was given then");
    assert_eq!(crew.log(), "+a +b !a");

    let builder = Supervisor::builder("starting").child(crew.child("a")).child(crew.slow_starter("b"));
    let supervisor = builder.build().unwrap();
    let handle = supervisor.handle();
    let start = tokio::spawn(supervisor.start());
    pass(1).await;
    assert_eq!(states(&handle), "a:running b:starting");
    assert_eq!(handle.stop().await.overdue().len(), 1, "it does not listen while it starts");
    start.await.unwrap().unwrap().ended().await.unwrap();
    assert_eq!(crew.log(), "+a +b -a");
}

#[tokio::test(start_paused = true)]
async fn a_nested_one_stops_its_own_in_their_time() {
    let drops = Drops::default();
    let own = drops.clone();
    let nested = ChildSpec::supervisor("nested", move || {
        Supervisor::builder("nested").child(leisurely("x", 4, &own)).child(leisurely("y", 4, &own)).build()
    });
    let supervisor = started(Supervisor::builder("top").child(leisurely("a", 1, &drops)).child(nested)).await;
    settle(&supervisor).await;
    let before = Instant::now();
    assert!(supervisor.stop().await.overdue().is_empty(), "8 s are more than one child's grace");
    assert_eq!(before.elapsed(), SECOND * 9);
    assert_eq!(drops.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_nested_one_that_is_aborted_takes_its_children_with_it() {
    let drops = Drops::default();
    let own = drops.clone();
    let nested = ChildSpec::supervisor("nested", move || {
        let guard = std::sync::Arc::new(own.guard());
        let hung = ChildSpec::new("hung", move || {
            let guard = std::sync::Arc::clone(&guard);
            async move {
                let _guard = guard;
                pending::<()>().await;
            }
        });
        Supervisor::builder("nested").child(hung.grace(Duration::MAX)).build()
    });
    let supervisor = started(Supervisor::builder("top").child(nested.grace(SECOND))).await;
    settle(&supervisor).await;
    assert_eq!(supervisor.stop().await.overdue()[0].name(), "nested");
    settle(&supervisor).await;
    assert_eq!(drops.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn its_deadline_stops_it_in_order() {
    let crew = Crew::default();
    let inner = crew.clone();
    let group = Group::<()>::builder().deadline(SECOND * 10).grace(SECOND * 90).build::<()>().unwrap();
    let member = group.scope().go_value(async move {
        let builder = Supervisor::builder("bounded")
            .backoff(Backoff::constant(SECOND * 60))
            .child(inner.child("a"))
            .child(inner.child("b"));
        let supervisor = started(builder).await;
        supervisor.ended().await.unwrap();
    });
    pass(5).await;
    crew.tell("a", Order::Fail);
    let before = Instant::now();
    member.await.unwrap();
    assert_eq!(before.elapsed(), SECOND * 5);
    assert_eq!(crew.log(), "+a +b !a -b");
}

#[tokio::test(start_paused = true)]
async fn at_its_deadline_children_are_asked_one_after_the_other() {
    let (crew, drops) = (Crew::default(), Drops::default());
    let (inner, slow) = (crew.clone(), leisurely("slow", 3, &drops));
    let group = Group::<()>::builder().deadline(SECOND * 10).grace(SECOND * 90).build::<()>().unwrap();
    let member = group.scope().go_value(async move {
        let nested = ChildSpec::supervisor("nested", {
            let inner = inner.clone();
            move || Supervisor::builder("nested").child(inner.child("x")).build()
        });
        let supervisor =
            started(Supervisor::builder("bounded").child(inner.child("a")).child(nested).child(slow)).await;
        supervisor.ended().await.unwrap();
    });
    pass(12).await;
    assert_eq!(crew.log(), "+a +x", "they are asked after those behind them have ended");
    let before = Instant::now();
    member.await.unwrap();
    assert_eq!(before.elapsed(), SECOND);
    assert_eq!((crew.log().as_str(), drops.count()), ("-x -a", 1));
}

#[tokio::test(start_paused = true)]
async fn run_ends_with_it_and_stops_it_with_the_routine_that_waits() {
    let crew = Crew::default();
    let child = crew.child("a");
    let runs = routine::go(async move {
        Supervisor::builder("run").child(child).build()?.run().await.map_err(routine::BoxError::from)
    });
    pass(1).await;
    runs.cancel();
    runs.await.unwrap();
    assert_eq!(crew.log(), "+a -a");
    let builder = Supervisor::builder("fails").budget(0, SECOND).child(ChildSpec::new("a", || async {}));
    let error = builder.build().unwrap().run().await.unwrap_err();
    assert!(error.downcast_ref::<routine::RestartsExhausted>().is_some(), "{error}");
}

#[test]
fn the_end_of_the_runtime_ends_all_and_nobody_waits_for_ever() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let drops = Drops::default();
    let own = drops.clone();
    let first = runtime();
    let supervisor = first.block_on(async move {
        let child = |name| {
            let own = own.clone();
            ChildSpec::new(name, move || {
                let guard = own.guard();
                async move {
                    let _guard = guard;
                    pending::<()>().await;
                }
            })
        };
        let supervisor = started(Supervisor::builder("doomed").child(child("a")).child(child("b"))).await;
        settle(&supervisor).await;
        supervisor
    });
    drop(first);
    assert_eq!(drops.count(), 2);
    let snapshot = snapshot();
    assert!(snapshot.get(supervisor.id().unwrap()).is_none());
    runtime().block_on(async {
        assert!(supervisor.ended().await.unwrap_err().is_cancelled());
        let error = supervisor.add_child(ChildSpec::new("c", pending::<()>)).await.unwrap_err();
        assert_eq!(error.kind(), ChildErrorKind::SupervisorStopped);
        assert!(supervisor.stop().await.overdue().is_empty() && supervisor.children().is_empty());
    });
}

#[tokio::test(start_paused = true)]
async fn a_handle_from_before_the_start_tells_how_the_supervisor_ended() {
    let builder = Supervisor::builder("fails").budget(0, SECOND).child(ChildSpec::new("a", || async {}));
    let supervisor = builder.build().unwrap();
    let early = supervisor.handle();
    let waits = tokio::spawn({
        let early = early.clone();
        async move { early.ended().await }
    });
    let handle = supervisor.start().await.unwrap();
    let own = handle.ended().await.unwrap_err();
    for error in [early.ended().await, waits.await.unwrap()].map(Result::unwrap_err) {
        assert!(error.downcast_ref::<routine::RestartsExhausted>().is_some(), "{error}");
        assert_eq!(error.id(), own.id());
    }
    // Nothing is wrong with one that never started.
    let never = Supervisor::builder("never").build().unwrap();
    let early = never.handle();
    drop(never);
    early.ended().await.unwrap();
    let refused = Supervisor::builder("refused").build().unwrap();
    let early = refused.handle();
    std::thread::spawn(move || drop(refused.start())).join().unwrap();
    assert!(early.ended().await.unwrap_err().is_rejected());
}

#[tokio::test(start_paused = true)]
async fn outside_a_runtime_it_is_refused_and_nonsense_is_told_at_build() {
    let crew = Crew::default();
    let supervisor = Supervisor::builder("nowhere").child(crew.child("a")).build().unwrap();
    let refused = std::thread::spawn(move || {
        let mut start = std::pin::pin!(supervisor.start());
        let waker = std::task::Waker::noop();
        match start.as_mut().poll(&mut std::task::Context::from_waker(waker)) {
            std::task::Poll::Ready(Err(error)) => error.is_rejected(),
            _ => false,
        }
    });
    assert!(refused.join().unwrap());
    let twice =
        Supervisor::builder("twice").child(crew.child("a")).child(crew.child("b")).child(crew.child("a")).build();
    assert_eq!(twice.unwrap_err().to_string(), "two children are named `a`: give each its own name");
    let window = Supervisor::builder("window").budget(1, Duration::ZERO).build().unwrap_err();
    assert!(window.to_string().ends_with("give the budget a longer time"), "{window}");
    let invalid = ChildSpec::supervisor("nested", || Supervisor::builder("nested").budget(1, Duration::ZERO).build());
    let error = Supervisor::builder("top").child(invalid).build().unwrap().start().await.unwrap_err();
    assert!(error.downcast_ref::<routine::supervise::InvalidSupervisor>().is_some(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_temporary_child_keeps_nothing_of_what_it_was_made_of() {
    let drops = Drops::default();
    let supervisor = started(Supervisor::builder("frugal")).await;
    for (kind, kept) in [(RestartKind::Permanent, 0), (RestartKind::Transient, 0), (RestartKind::Temporary, 1)] {
        let guard = drops.guard();
        let large = ChildSpec::new(kind.as_str(), move || {
            let _ = &guard;
            cancelled()
        });
        supervisor.add_child(large.restart(kind)).await.unwrap();
        assert_eq!(drops.count(), kept, "{kind}");
    }
    drop(supervisor.stop().await);
    assert_eq!(drops.count(), 3);
}
