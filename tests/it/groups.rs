//! Routines that belong together are waited for together, and none is lost.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use routine::{CancelReason, Group, Outcome, RoutineState, cancellation_reason, cancelled, group, snapshot};
use routine_tests::{capture, records};
use tokio::sync::{Barrier, Notify, oneshot};
use tokio::time::sleep;

/// Counts what is dropped.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

struct Guard(Drops);

impl Drops {
    fn guard(&self) -> Guard {
        Guard(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn join_gives_the_values_in_the_order_of_their_starts() {
    let mut group = Group::new();
    let (first, is_first) = oneshot::channel::<()>();
    group.go(async move {
        let _ = is_first.await;
        Ok::<_, String>(1)
    });
    group.go_value(async { 2 });
    group.go_blocking(move || {
        first.send(()).unwrap();
        Ok::<_, String>(3)
    });
    assert_eq!(group.join().await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn an_empty_group_is_done() {
    assert!(Group::<()>::new().join().await.unwrap().is_empty());
    assert!(Group::<()>::new().settle().await.is_empty());
    assert!(Group::<()>::new().next().await.is_none());
    assert_eq!(group(async |_| Ok::<_, String>(5)).await.unwrap(), 5);
}

#[tokio::test]
async fn the_first_failure_ends_the_others_and_is_the_cause() {
    capture();
    let drops = Drops::default();
    let mut group = Group::<()>::new();
    let guard = drops.guard();
    let waits = group.go(async move {
        let _guard = guard;
        pending::<Result<(), String>>().await
    });
    let (fail, may_fail) = oneshot::channel::<()>();
    let fails = group.go(async move {
        let _ = may_fail.await;
        Err("no room")
    });
    let root = snapshot().get(waits).unwrap().trace().root();
    tokio::task::yield_now().await;
    fail.send(()).unwrap();
    let error = group.join().await.unwrap_err();
    assert_eq!(error.cause().id(), Some(fails));
    assert_eq!(error.cause().outcome(), Some(Outcome::Failed));
    assert!(error.to_string().ends_with("failed: no room"), "{error}");
    assert!(error.others().is_empty(), "what was only cancelled is no failure: {error:?}");
    assert_eq!(drops.count(), 1, "it was waited for");
    assert!(snapshot().get(waits).is_none());
    assert!(records(root).is_empty(), "whoever waits has it");
}

#[tokio::test]
async fn settle_gives_every_outcome_and_ends_nobody() {
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut group = Group::<u8>::new();
    group.go(async { Err("no") });
    group.go(async { panic!("at all") as Result<u8, String> });
    group.go(async move {
        let _ = may_go_on.await;
        Ok::<_, String>(7)
    });
    let settled = tokio::spawn(group.settle());
    tokio::task::yield_now().await;
    go_on.send(()).unwrap();
    let outcomes = settled.await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap_err().outcome(), Some(Outcome::Failed));
    assert!(outcomes[1].as_ref().unwrap_err().is_panic());
    assert_eq!(*outcomes[2].as_ref().unwrap(), 7);
}

#[tokio::test]
async fn next_gives_them_as_they_end() {
    let gates: Vec<_> = (0..3).map(|_| Arc::new(Notify::new())).collect();
    let mut group = Group::new();
    for (number, gate) in gates.iter().cloned().enumerate() {
        group.go(async move {
            gate.notified().await;
            if number == 1 { Err("one") } else { Ok(number) }
        });
    }
    gates[2].notify_one();
    assert_eq!(group.next().await.unwrap().unwrap(), 2);
    gates[1].notify_one();
    assert!(group.next().await.unwrap().is_err());
    gates[0].notify_one();
    assert_eq!(group.next().await.unwrap().unwrap(), 0);
    assert!(group.next().await.is_none());
    group.go(async { Ok::<_, &str>(9) });
    assert_eq!(group.join().await.unwrap(), [9], "a failure that was handed over is no longer the group's");
}

#[tokio::test]
async fn next_that_is_dropped_loses_nothing() {
    let mut group = Group::new();
    for number in 0..50 {
        group.go_value(async move {
            tokio::task::yield_now().await;
            number
        });
    }
    let mut seen = Vec::new();
    while seen.len() < 50 {
        tokio::select! {
            biased;
            ended = group.next() => seen.push(ended.unwrap().unwrap()),
            () = tokio::task::yield_now() => {}
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failure_that_nobody_took_is_reported() {
    capture();
    let mut group = Group::<()>::new();
    let fails = group.go(async { Err("nobody asked") });
    let root = snapshot().get(fails).unwrap().trace().root();
    while snapshot().get(fails).is_some() {
        tokio::task::yield_now().await;
    }
    assert!(records(root).is_empty());
    drop(group);
    assert_eq!(records(root).len(), 1);
}

#[tokio::test]
async fn many_failures_are_kept_up_to_a_bound_and_none_disappears() {
    let barrier = Arc::new(Barrier::new(40));
    let mut group = Group::<()>::new();
    for number in 0..40 {
        let barrier = Arc::clone(&barrier);
        group.go(async move {
            barrier.wait().await;
            Err(format!("number {number}"))
        });
    }
    // All have failed before anybody waits.
    while group.scope().live() > 0 {
        tokio::task::yield_now().await;
    }
    let error = group.join().await.unwrap_err();
    assert_eq!(error.others().len(), 15);
    assert_eq!(error.left_out(), 24);
    assert!(error.to_string().ends_with(", and 39 more failed"), "{error}");
}

#[tokio::test]
async fn dropping_a_group_ends_its_members_and_counts_them_as_cancelled() {
    let drops = Drops::default();
    let mut group = Group::<()>::new();
    let (guard, other) = (drops.guard(), drops.guard());
    let polled = group.go_value(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    tokio::task::yield_now().await;
    let unpolled = group.scope().go_value(async move {
        let _other = other;
        pending::<()>().await;
    });
    drop(group);
    let error = unpolled.await.unwrap_err();
    assert_eq!(error.cancellation_reason(), Some(&CancelReason::Dropped));
    while snapshot().get(polled).is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(drops.count(), 2);
}

#[tokio::test]
async fn a_scope_returns_after_all_that_it_started_has_ended() {
    let drops = Drops::default();
    let value = group(async |scope| {
        for _ in 0..3 {
            let (guard, sibling) = (drops.guard(), drops.guard());
            let siblings = scope.clone();
            scope.go(async move {
                tokio::task::yield_now().await;
                siblings.go(async move {
                    tokio::task::yield_now().await;
                    drop(sibling);
                });
                drop(guard);
            });
        }
        Ok::<_, String>(drops.count())
    });
    assert_eq!(value.await.unwrap(), 0);
    assert_eq!(drops.count(), 6);
}

#[tokio::test]
async fn a_failing_member_ends_the_body_where_it_waits() {
    let drops = Drops::default();
    let guard = drops.guard();
    let error = group(async move |scope| {
        let _guard = guard;
        drop(scope.go(async { Err::<(), _>("member") }));
        pending::<Result<(), String>>().await
    });
    let error = error.await.unwrap_err();
    assert!(error.to_string().ends_with("failed: member"), "{error}");
    assert_eq!(drops.count(), 1);
}

#[tokio::test]
async fn a_failing_body_ends_the_members_and_waits_for_them() {
    let drops = Drops::default();
    let error = group(async |scope| {
        let guard = drops.guard();
        scope.go(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        tokio::task::yield_now().await;
        Err::<(), _>("body")
    });
    let error = error.await.unwrap_err();
    assert_eq!(error.to_string(), "routine `the body of a group` failed: body");
    assert_eq!(drops.count(), 1);
}

#[tokio::test]
async fn a_body_that_panics_goes_on_panicking_after_its_members_have_ended() {
    let drops = Drops::default();
    let caught = tokio::spawn({
        let drops = drops.clone();
        async move {
            let work = group(async |scope| {
                let guard = drops.guard();
                scope.go(async move {
                    let _guard = guard;
                    pending::<()>().await;
                });
                tokio::task::yield_now().await;
                std::panic::panic_any(drops.count())
            });
            let _ = work.await;
        }
    });
    let payload = caught.await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref(), Some(&0_usize));
    assert_eq!(drops.count(), 1);
}

#[tokio::test]
async fn the_future_of_a_scope_that_is_dropped_ends_its_members() {
    let drops = Drops::default();
    let guard = drops.guard();
    let (started, is_started) = oneshot::channel();
    let work = group(async move |scope| {
        scope.go(async move {
            let _guard = guard;
            started.send(()).unwrap();
            pending::<()>().await;
        });
        pending::<()>().await;
    });
    tokio::select! {
        _ = work => unreachable!("it waits for ever"),
        _ = is_started => {}
    }
    while drops.count() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_started_in_a_group_that_is_over_is_cancelled_before_it_runs() {
    let mut leaked = None;
    let _ = group(async |scope| {
        leaked = Some(scope.clone());
        Err::<(), _>("over")
    })
    .await;
    let ran = Arc::new(AtomicUsize::new(0));
    let late = leaked.unwrap().go({
        let ran = Arc::clone(&ran);
        async move {
            ran.fetch_add(1, SeqCst);
        }
    });
    assert!(late.await.unwrap_err().is_cancelled());
    assert_eq!(ran.load(SeqCst), 0);
}

#[tokio::test]
async fn a_limit_is_never_exceeded_and_the_queue_is_in_order() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut group = Group::builder().limit(3).build().unwrap();
    for number in 0..20 {
        let (running, most, order) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&order));
        group.go_value(async move {
            order.lock().unwrap().push(number);
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            tokio::task::yield_now().await;
            running.fetch_sub(1, SeqCst);
        });
    }
    group.join().await.unwrap();
    assert_eq!(most.load(SeqCst), 3);
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn those_that_wait_for_room_are_queued_in_the_dump() {
    let mut group = Group::builder().limit(1).build().unwrap();
    let runs = group.go_value(pending::<()>());
    let waits = group.go_value(pending::<()>());
    tokio::task::yield_now().await;
    let snapshot = snapshot();
    assert_eq!(snapshot.get(runs).unwrap().state(), RoutineState::Waiting);
    assert_eq!(snapshot.get(waits).unwrap().state(), RoutineState::Queued);
    let dump = routine::dump().to_string();
    assert!(dump.lines().any(|line| line.contains(&format!("#{waits} queued"))), "{dump}");
}

#[tokio::test]
async fn try_go_hands_the_future_back_and_ready_waits_for_room() {
    let mut group = Group::builder().limit(1).build().unwrap();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    group.go_value(async move {
        let _ = may_go_on.await;
    });
    let back = group.try_go(async {}).map_err(|_| "full");
    assert_eq!(back.unwrap_err(), "full");
    let mut ready = polled_once(group.ready()).await;
    go_on.send(()).unwrap();
    ready.as_mut().await;
    drop(ready);
    assert!(group.try_go(async {}).is_ok());
    group.join().await.unwrap();
}

/// A future that was polled once and waits.
async fn polled_once<F: Future<Output = ()>>(future: F) -> std::pin::Pin<Box<F>> {
    let mut future = Box::pin(future);
    std::future::poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending(), "it was to wait");
        std::task::Poll::Ready(())
    })
    .await;
    future
}

#[tokio::test]
async fn a_queued_member_that_is_aborted_gives_its_place_up() {
    let mut group = Group::builder().limit(1).build().unwrap();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    group.go_value(async move {
        let _ = may_go_on.await;
        1
    });
    let queued = group.scope().go_value(async { 2 });
    let after = group.scope().go_value(async { 3 });
    tokio::task::yield_now().await;
    queued.abort();
    assert!(queued.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    assert_eq!(after.await.unwrap(), 3);
    assert_eq!(group.join().await.unwrap(), [1]);
}

#[test]
fn a_limit_of_zero_is_refused() {
    let error = Group::builder().limit(0).build::<()>().unwrap_err();
    assert_eq!(error.to_string(), "a group with a limit of 0 would never run anything; leave the limit out for none");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_members_as_timed_out() {
    let mut group = Group::<()>::builder().deadline(Duration::from_secs(3)).build().unwrap();
    let in_time = group.scope().go_value(async {
        sleep(Duration::from_secs(1)).await;
        "in time"
    });
    let late = group.scope().go_value(sleep(Duration::from_secs(9)));
    group.go_value(sleep(Duration::from_secs(9)));
    let before = tokio::time::Instant::now();
    let error = group.join().await.unwrap_err();
    assert_eq!(before.elapsed().as_secs(), 3);
    assert!(error.cause().is_timeout());
    assert_eq!(error.cause().cancellation_reason(), Some(&CancelReason::Deadline));
    assert_eq!(in_time.await.unwrap(), "in time");
    let late = late.await.unwrap_err();
    assert_eq!(late.outcome(), Some(Outcome::TimedOut));
    assert!(late.to_string().ends_with("did not end before the deadline of its group"), "{late}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_body_that_hangs() {
    let work = Group::builder().deadline(Duration::from_secs(3)).scope(async |_| pending::<Result<(), String>>().await);
    let error = work.await.unwrap_err();
    assert!(error.cause().is_timeout(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn within_the_grace_members_are_asked_and_may_say_goodbye() {
    let group = Group::<()>::builder().grace(Duration::from_secs(5)).build::<()>().unwrap();
    let polite = group.scope().go_value(async {
        cancelled().await;
        sleep(Duration::from_secs(2)).await;
        cancellation_reason()
    });
    let stubborn = group.scope().go_value(pending::<()>());
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    group.cancel("the house is closing");
    let why = CancelReason::Requested(Some("the house is closing".into()));
    assert_eq!(polite.await.unwrap(), Some(why.clone()));
    assert_eq!(before.elapsed().as_secs(), 2);
    let error = stubborn.await.unwrap_err();
    assert_eq!(before.elapsed().as_secs(), 5);
    assert_eq!(error.cancellation_reason(), Some(&why));
    assert!(error.to_string().ends_with("was cancelled on request: the house is closing"), "{error}");
}

#[tokio::test]
async fn a_detached_routine_is_not_ended_with_the_group_of_its_spawner() {
    let (started, is_started) = oneshot::channel();
    let error = group(async |scope| {
        scope.go(async move {
            let detached = routine::go_value(async {
                tokio::task::yield_now().await;
                cancellation_reason()
            });
            started.send(detached).unwrap();
        });
        Err::<(), _>("over")
    });
    error.await.unwrap_err();
    if let Ok(detached) = is_started.await {
        assert_eq!(detached.await.unwrap(), None);
    }
}

#[tokio::test]
async fn blocking_members_are_waited_for_and_those_not_begun_are_cancelled() {
    let (begun, is_begun) = std::sync::mpsc::channel();
    let mut group = Group::builder().limit(1).build().unwrap();
    let runs = group.scope().go_blocking(move || {
        begun.send(()).unwrap();
        while !routine::is_cancelled() {
            std::thread::yield_now();
        }
        Ok::<_, String>("stopped by itself")
    });
    let waits = group.scope().go_blocking(|| Ok::<_, String>("never"));
    tokio::task::spawn_blocking(move || is_begun.recv().unwrap()).await.unwrap();
    group.cancel("enough");
    assert_eq!(runs.await.unwrap(), "stopped by itself");
    assert!(waits.await.unwrap_err().is_cancelled());
    group.go_value(async {});
    assert!(group.join().await.is_err());
}

#[tokio::test]
async fn queued_blocking_members_run_in_their_turn() {
    let mut group = Group::builder().limit(2).build().unwrap();
    for number in 0..20 {
        group.go_blocking(move || Ok::<_, String>(number));
    }
    assert_eq!(group.join().await.unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_member_sees_what_is_inherited_where_it_is_started() {
    static KEY: routine::Inherited<u8> = routine::Inherited::new("key");
    let mut group = Group::new();
    group.go_value(async { KEY.get() });
    KEY.sync_scope(1, || group.go_value(async { KEY.get() }));
    group.go_value(async { routine::go_value(async { KEY.get() }).await.unwrap() });
    assert_eq!(group.join().await.unwrap(), [None, Some(1), None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_member_ends_once() {
    for round in 0..200 {
        let mut group = Group::builder().limit(1 + round % 7).build().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        for number in 0..50 {
            let ran = Arc::clone(&ran);
            group.go(async move {
                ran.fetch_add(1, SeqCst);
                if number % 3 == 0 {
                    tokio::task::yield_now().await;
                }
                if number == 40 && round % 2 == 0 { Err("now and then") } else { Ok(()) }
            });
        }
        let joined = group.join().await;
        assert_eq!(joined.is_err(), round % 2 == 0);
        assert!(joined.is_err() || ran.load(SeqCst) == 50);
    }
}

#[tokio::test]
async fn a_panicking_member_is_the_groups_failure() {
    let mut group = Group::<()>::new();
    group.go_value(async { panic!("in a member") });
    let error = group.join().await.unwrap_err();
    assert_eq!(error.cause().panic().unwrap().message(), "in a member");
}
