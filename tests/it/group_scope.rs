//! None of the routines that a scope started outlives it.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use routine::{Group, Outcome, cancellation_reason, group};
use routine_tests::Drops;
use tokio::sync::oneshot;

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
async fn a_member_sees_what_is_inherited_where_it_is_started() {
    static KEY: routine::Inherited<u8> = routine::Inherited::new("key");
    let mut group = Group::new();
    group.go_value(async { KEY.get() });
    KEY.sync_scope(1, || group.go_value(async { KEY.get() }));
    group.go_value(async { routine::go_value(async { KEY.get() }).await.unwrap() });
    assert_eq!(group.join().await.unwrap(), [None, Some(1), None]);
}

#[tokio::test]
async fn an_error_that_the_body_hands_on_comes_after_the_members_own() {
    let error = group(async |scope| scope.go(async { Err::<(), _>("member") }).await).await.unwrap_err();
    assert!(error.to_string().starts_with("routine `an_error_that_the_body_hands_on"), "{error}");
    assert_eq!(error.cause().outcome(), Some(Outcome::Failed));
}
