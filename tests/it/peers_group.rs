//! What the suites of other libraries assert of groups, and no other file here does.

use std::future::pending;
use std::panic::panic_any;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt, poll};
use routine::group::Ready;
use routine::{BoxError, CancelReason, Error, Group, Outcome, Pool, cancellation_reason, cancelled, group, map};
use routine_tests::Drops;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Barrier, Semaphore, oneshot};
use tokio::task::yield_now;

/// Why a member is to stop whose group was asked so.
fn requested(why: &'static str) -> CancelReason {
    CancelReason::Requested(Some(why.into()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_members_run_at_once_as_the_limit_says_and_no_more() {
    for limit in [1, 10, 100] {
        let barrier = Arc::new(Barrier::new(limit));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut group = Group::builder().limit(limit).build().unwrap();
        for number in 0..limit * 10 {
            let (barrier, running, most) = (Arc::clone(&barrier), Arc::clone(&running), Arc::clone(&most));
            group.go_value(async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                barrier.wait().await;
                running.fetch_sub(1, SeqCst);
                number
            });
        }
        assert!(group.join().await.unwrap().into_iter().eq(0..limit * 10), "in the order of their starts");
        assert_eq!((most.load(SeqCst), running.load(SeqCst)), (limit, 0));
    }
}

#[tokio::test]
async fn members_that_panic_give_their_places_to_those_that_wait() {
    let mut group = Group::<()>::builder().limit(2).build().unwrap();
    for number in 0..10 {
        group.go_value(async move { panic_any(format!("member {number}")) });
    }
    let outcomes = group.settle().await;
    let messages = outcomes.iter().map(|outcome: &Result<(), Error>| outcome.as_ref().unwrap_err().panic().unwrap());
    assert!(messages.map(|panic| panic.message().to_owned()).eq((0..10).map(|number| format!("member {number}"))));
}

#[tokio::test(start_paused = true)]
async fn those_that_are_asked_since_one_failed_may_fail_too_and_are_told_after_it() {
    for panics in [false, true] {
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let mut group = Group::<()>::builder().grace(Duration::from_mins(1)).build().unwrap();
        for number in 0..2 {
            let reasons = Arc::clone(&reasons);
            group.go(async move {
                cancelled().await;
                reasons.lock().unwrap().push(cancellation_reason());
                Err::<(), _>(format!("goodbye {number}"))
            });
        }
        let first = group.go(async move {
            assert!(!panics, "on purpose");
            Err::<(), _>("the first")
        });
        let error = group.join().await.unwrap_err();
        assert_eq!((error.cause().id(), error.cause().is_panic()), (Some(first), panics));
        let others: Vec<_> = error.others().iter().map(ToString::to_string).collect();
        assert!(others[0].ends_with("goodbye 0") && others[1].ends_with("goodbye 1"), "{others:?}");
        assert_eq!(*reasons.lock().unwrap(), [const { Some(CancelReason::SiblingFailed) }; 2]);
    }
}

#[tokio::test]
async fn after_a_failure_those_that_wait_for_room_never_run() {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = || {
        let ran = Arc::clone(&ran);
        async move {
            ran.fetch_add(1, SeqCst);
        }
    };
    let mut waited = Vec::new();
    let work = Group::builder().limit(1).scope(async |scope| {
        scope.go(count());
        scope.go(async { Err::<(), _>("no") });
        waited.extend([scope.go(count()), scope.go(count())]);
        Ok::<_, Error>(())
    });
    let error = work.await.unwrap_err();
    assert!(error.to_string().ends_with("failed: no") && error.others().is_empty(), "{error:?}");
    for member in waited {
        assert_eq!(member.await.unwrap_err().cancellation_reason(), Some(&CancelReason::SiblingFailed));
    }
    assert_eq!(ran.load(SeqCst), 1);
}

#[tokio::test]
async fn a_member_that_cancels_its_group_goes_on_and_what_waits_never_runs() {
    let group = Group::<()>::builder().limit(1).build::<()>().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let scope = group.scope().clone();
    let stops = group.scope().go_value(async move {
        scope.cancel("seen enough");
        "to its end"
    });
    let waits = group.scope().go_value({
        let ran = Arc::clone(&ran);
        async move { ran.fetch_add(1, SeqCst) }
    });
    assert_eq!(stops.await.unwrap(), "to its end");
    assert_eq!(waits.await.unwrap_err().cancellation_reason(), Some(&requested("seen enough")));
    assert_eq!(ran.load(SeqCst), 0);
    assert!(group.join().await.is_ok(), "to be cancelled is no failure");
}

#[tokio::test]
async fn a_group_that_is_cancelled_keeps_what_has_ended_before() {
    let mut group = Group::new();
    for number in 0..10 {
        group.go_value(async move {
            if number % 2 == 1 {
                pending::<()>().await;
            }
            number
        });
    }
    while group.scope().live() > 5 {
        yield_now().await;
    }
    group.cancel("enough");
    for (number, outcome) in group.settle().await.into_iter().enumerate() {
        match outcome {
            Ok(value) => assert!(value == number && number % 2 == 0, "{value} of {number}"),
            Err(error) => assert!(error.is_cancelled() && number % 2 == 1, "{error} of {number}"),
        }
    }
}

#[tokio::test]
async fn next_that_must_make_room_for_other_tasks_loses_nothing() {
    let mut group = Group::new();
    for number in 0..1_000 {
        group.go_value(async move { number });
    }
    while group.scope().live() > 0 {
        yield_now().await;
    }
    let (mut seen, mut pauses) = (Vec::new(), 0);
    loop {
        match group.next().now_or_never() {
            Some(Some(outcome)) => seen.push(outcome.unwrap()),
            Some(None) => break,
            None => {
                pauses += 1;
                yield_now().await;
            }
        }
    }
    assert!(pauses > 0, "tokio lets nobody take a thousand results in one turn");
    seen.sort_unstable();
    assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn live_counts_members_from_their_start_to_their_end() {
    let gate = Arc::new(Semaphore::new(0));
    let member = || {
        let gate = Arc::clone(&gate);
        async move { gate.acquire_owned().await.unwrap().forget() }
    };
    let mut group = Group::builder().limit(1).build().unwrap();
    assert_eq!(group.scope().live(), 0);
    group.go_value(member());
    group.go_value(member());
    for _ in 0..16 {
        assert_eq!(group.scope().live(), 2, "one of them waits for room");
        gate.add_permits(1);
        group.next().await.unwrap().unwrap();
        assert_eq!(group.scope().live(), 1);
        group.go_value(member());
    }
    gate.add_permits(2);
    assert_eq!(group.join().await.unwrap().len(), 2);
}

#[test]
fn members_whose_runtime_is_gone_are_cancelled_and_told_elsewhere() {
    let runtime = || -> Runtime { Builder::new_current_thread().build().unwrap() };
    let mut group = Group::builder().limit(1).build().unwrap();
    let dies = runtime();
    dies.block_on(async {
        for _ in 0..3 {
            group.go_value(pending::<()>());
        }
        yield_now().await;
    });
    drop(dies);
    assert_eq!(group.scope().live(), 0);
    runtime().block_on(async {
        assert!(group.next().await.unwrap().unwrap_err().is_cancelled());
        let rest = group.settle().await;
        assert_eq!(rest.len(), 2);
        assert!(rest.into_iter().all(|outcome| outcome.is_err_and(|error| error.is_cancelled())));
    });
}

#[tokio::test]
async fn to_cancel_a_group_inside_a_member_concerns_nobody_outside() {
    let told = group(async |outer| {
        let member = outer.go_value(async {
            let inner = Group::<()>::new();
            let ends = inner.scope().go_value(pending::<()>());
            inner.cancel("the inner one");
            let error = ends.await.unwrap_err();
            (error.cancellation_reason().cloned(), cancellation_reason())
        });
        member.await
    });
    assert_eq!(told.await.unwrap(), (Some(requested("the inner one")), None));
}

#[tokio::test]
async fn the_end_of_a_group_is_the_end_of_the_groups_inside_its_members() {
    let drops = Drops::default();
    let guard = drops.guard();
    let (started, has_started) = oneshot::channel();
    let work = group(async move |outer| {
        outer.go(async move {
            let inside = group(async move |inner| {
                inner.go_value(async move {
                    let _guard = guard;
                    started.send(()).unwrap();
                    pending::<()>().await;
                });
                pending::<Result<(), Error>>().await
            });
            inside.await
        });
        has_started.await.unwrap();
        Err::<(), _>("outside")
    });
    let error = work.await.unwrap_err();
    assert!(error.to_string().ends_with("failed: outside"), "{error}");
    while drops.count() == 0 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_body_that_cancels_its_group_and_then_fails_is_the_cause() {
    let work = group(async |scope| {
        scope.go_value(pending::<()>());
        scope.cancel("on its way out");
        Err::<(), _>("its own")
    });
    let error = work.await.unwrap_err();
    assert_eq!(error.cause().outcome(), Some(Outcome::Failed));
    assert!(error.to_string().ends_with("failed: its own"), "{error}");
}

#[tokio::test]
async fn what_fails_after_it_was_ready_is_the_groups_failure() {
    let (fail, may_fail) = oneshot::channel::<()>();
    let work = group(async |scope| {
        let start = scope.start(|ready| async move {
            ready.started(5);
            may_fail.await.unwrap();
            Err::<(), _>("later")
        });
        let (value, _) = start.await?;
        assert_eq!(value, 5);
        fail.send(()).unwrap();
        pending::<Result<(), Error>>().await
    });
    let error = work.await.unwrap_err();
    assert!(error.to_string().ends_with("failed: later") && error.others().is_empty(), "{error:?}");
}

#[tokio::test]
async fn a_member_that_has_not_started_yet_keeps_its_group_open() {
    let drops = Drops::default();
    let guard = drops.guard();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut starter = None;
    {
        let mut work = pin!(group(async |scope| {
            let start = scope.start(|ready| async move {
                let _guard = guard;
                may_go_on.await.unwrap();
                ready.started("late");
                yield_now().await;
                Ok::<_, Error>("ended")
            });
            starter = Some(tokio::spawn(start));
            Ok::<_, Error>(())
        }));
        for _ in 0..10 {
            assert!(poll!(work.as_mut()).is_pending());
            yield_now().await;
        }
        go_on.send(()).unwrap();
        work.await.unwrap();
    }
    assert_eq!(drops.count(), 1, "it was waited for to its end");
    let (value, member) = starter.unwrap().await.unwrap().unwrap();
    assert_eq!((value, member.await.unwrap()), ("late", "ended"));
}

#[tokio::test]
async fn a_start_in_a_group_that_ends_or_is_over_is_an_error() {
    let group = Group::<()>::new();
    let mut starts = pin!(group.scope().start(|ready: Ready<()>| async move {
        let _held = ready;
        pending::<Result<(), Error>>().await
    }));
    for _ in 0..10 {
        assert!(poll!(starts.as_mut()).is_pending());
        yield_now().await;
    }
    group.cancel("closing");
    assert_eq!(starts.await.unwrap_err().cancellation_reason(), Some(&requested("closing")));
    let ran = Arc::new(AtomicUsize::new(0));
    let late = group.scope().start({
        let ran = Arc::clone(&ran);
        |ready| async move {
            ran.fetch_add(1, SeqCst);
            ready.started(());
            Ok::<_, Error>(())
        }
    });
    assert!(late.await.unwrap_err().is_cancelled());
    assert_eq!(ran.load(SeqCst), 0);
}

#[tokio::test]
async fn whoever_panics_over_a_result_of_a_map_leaves_nothing_under_way() {
    let drops = Drops::default();
    let pool = Pool::builder("tested").workers(2).build().unwrap();
    let work = {
        let drops = drops.clone();
        move |number: u8| {
            let guard = drops.guard();
            async move {
                let _guard = guard;
                if number > 0 {
                    pending::<()>().await;
                }
                Ok::<_, BoxError>(number)
            }
        }
    };
    let (in_a_group, in_a_pool) = (map(0..3, 3, work.clone()), pool.map(0..3, work));
    for consumer in [tokio::spawn(panics_over_one(in_a_group)), tokio::spawn(panics_over_one(in_a_pool))] {
        assert_eq!(consumer.await.unwrap_err().into_panic().downcast_ref(), Some(&0_u8));
    }
    while drops.count() < 6 {
        yield_now().await;
    }
    pool.submit(async {}).await.unwrap().await.unwrap();
}

/// Takes one result, and panics with it.
async fn panics_over_one(results: impl Stream<Item = Result<u8, Error>>) {
    let mut results = pin!(results);
    panic_any(results.next().await.unwrap().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_first_is_the_cause_and_members_that_fail_over_it_come_after_it() {
    let work = Group::builder().grace(Duration::from_secs(5)).scope(async |scope| {
        scope.go(async {
            cancelled().await;
            Err::<(), _>("the member, afterwards")
        });
        yield_now().await;
        Err::<(), _>("the body, first")
    });
    let error = work.await.unwrap_err();
    assert!(error.cause().to_string().ends_with("the body, first"), "{error:?}");
    assert_eq!(error.others().len(), 1);
}

#[tokio::test]
async fn a_body_that_fails_first_is_the_cause_also_beside_blocking_work() {
    let (started, has_started) = oneshot::channel();
    let work = group(async |scope| {
        scope.go_blocking(|| {
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
            Err::<(), _>("the member, afterwards")
        });
        has_started.await.unwrap();
        Err::<(), _>("the body, first")
    });
    let error = work.await.unwrap_err();
    assert!(error.cause().to_string().ends_with("the body, first"), "{error:?}");
}
