//! What ends the members of a group, and what they are told.

use std::future::pending;
use std::time::Duration;

use routine::{CancelReason, Group, Outcome, cancellation_reason, cancelled, snapshot};
use routine_tests::Drops;
use tokio::time::sleep;

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

#[tokio::test(start_paused = true)]
async fn a_deadline_is_inherited_and_caps_the_timeouts_below_it() {
    let before = tokio::time::Instant::now();
    let group =
        Group::<()>::builder().deadline(Duration::from_secs(10)).grace(Duration::from_secs(50)).build::<()>().unwrap();
    let member = group.scope().go_value(async move {
        let detached = routine::go_value(async move {
            cancelled().await;
            (before.elapsed().as_secs(), cancellation_reason())
        });
        let long = routine::Builder::new().timeout(Duration::from_secs(30)).spawn(pending::<()>());
        let short = routine::Builder::new().timeout(Duration::from_secs(3)).spawn(pending::<()>());
        let inner = Group::<()>::builder().deadline(Duration::from_secs(99)).build::<()>().unwrap();
        let nested = inner.scope().go_value(async { routine::deadline() });
        assert!(short.await.unwrap_err().is_timeout());
        assert_eq!(before.elapsed().as_secs(), 3);
        assert!(long.await.unwrap_err().is_timeout());
        assert_eq!(before.elapsed().as_secs(), 10, "the deadline comes before its own time");
        (routine::deadline(), nested.await.unwrap(), detached.await.unwrap())
    });
    let (own, nested, detached) = member.await.unwrap();
    assert_eq!(own.unwrap() - before, Duration::from_secs(10));
    assert_eq!(nested, own);
    assert_eq!(detached, (10, Some(CancelReason::Deadline)));
    assert_eq!(routine::deadline(), None);
}
