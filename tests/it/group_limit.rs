//! A group with a limit never runs more at once, and the others in their turn.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};

use routine::{Group, RoutineState, snapshot};
use tokio::sync::oneshot;

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

#[tokio::test]
async fn queued_blocking_members_run_in_their_turn() {
    let mut group = Group::builder().limit(2).build().unwrap();
    for number in 0..20 {
        group.go_blocking(move || Ok::<_, String>(number));
    }
    assert_eq!(group.join().await.unwrap(), (0..20).collect::<Vec<_>>());
}

/// A waker that does nothing.
struct Nothing;

impl Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test]
async fn whoever_waits_for_room_and_gives_up_leaves_nothing_behind() {
    let mut group = Group::builder().limit(1).build().unwrap();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    group.go(async move { may_go_on.await });
    let (left, stays) = (Arc::new(Nothing), Arc::new(Nothing));
    let mut waits = pin!(group.ready());
    assert!(waits.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&stays)))).is_pending());
    for _ in 0..3 {
        let given_up = Box::pin(group.ready()).as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&left))));
        assert!(given_up.is_pending());
    }
    assert_eq!((Arc::strong_count(&left), Arc::strong_count(&stays)), (1, 2));
    // Whoever stays is woken all the same.
    go_on.send(()).unwrap();
    while group.scope().live() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Arc::strong_count(&stays), 1);
    waits.await;
}

#[tokio::test]
async fn queued_members_that_are_aborted_in_any_order_leave_the_others_in_theirs() {
    let mut group = Group::builder().limit(1).build().unwrap();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    group.go_value(async move { _ = may_go_on.await });
    let queued: Vec<_> = (0..200)
        .map(|number| {
            let order = Arc::clone(&order);
            group.scope().go_value(async move { order.lock().unwrap().push(number) })
        })
        .collect();
    tokio::task::yield_now().await;
    for (number, member) in queued.iter().enumerate().rev() {
        if number % 10 != 3 {
            member.abort();
        }
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(group.scope().live(), 21);
    assert!(group.try_go(async {}).is_err());
    go_on.send(()).unwrap();
    group.join().await.unwrap();
    assert_eq!(*order.lock().unwrap(), (0..200).filter(|number| number % 10 == 3).collect::<Vec<_>>());
}
