//! Whoever waits for a group gets every value and every failure, once.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use routine::{Group, Outcome, group, snapshot};
use routine_tests::{Drops, capture, records};
use tokio::sync::{Barrier, Notify, oneshot};

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
async fn whoever_asked_for_some_may_wait_for_the_rest() {
    let opened = Arc::new(Notify::new());
    let mut group = Group::new();
    group.go_value(async { 1 });
    for value in [2, 3] {
        let opened = Arc::clone(&opened);
        group.go_value(async move {
            opened.notified().await;
            value
        });
    }
    assert_eq!(group.next().await.unwrap().unwrap(), 1);
    // Looks away while it waits for the next.
    assert!(futures_util::poll!(std::pin::pin!(group.next())).is_pending());
    let joined = tokio::spawn(group.join());
    tokio::task::yield_now().await;
    opened.notify_waiters();
    assert_eq!(joined.await.unwrap().unwrap(), [2, 3]);
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
async fn a_panicking_member_is_the_groups_failure() {
    let mut group = Group::<()>::new();
    group.go_value(async { panic!("in a member") });
    let error = group.join().await.unwrap_err();
    assert_eq!(error.cause().panic().unwrap().message(), "in a member");
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
async fn what_is_left_after_many_were_handed_over_is_in_the_order_of_the_starts() {
    let mut group = Group::new();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    for number in 0..300 {
        let gate = Arc::clone(&gate);
        group.go_value(async move {
            if number % 50 == 0 {
                gate.acquire().await.unwrap().forget();
            }
            number
        });
    }
    let mut handed_over = Vec::new();
    for _ in 0..294 {
        handed_over.push(group.next().await.unwrap().unwrap());
    }
    handed_over.sort_unstable();
    assert_eq!(handed_over, (0..300).filter(|number| number % 50 != 0).collect::<Vec<_>>());
    group.go_value(async { 300 });
    assert_eq!(group.next().await.unwrap().unwrap(), 300);
    group.go_value(async { 301 });
    gate.add_permits(6);
    assert_eq!(group.join().await.unwrap(), [0, 50, 100, 150, 200, 250, 301]);
}
