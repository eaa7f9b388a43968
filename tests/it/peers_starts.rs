//! What the suites of other libraries assert of starts, failures and ends in groups, and no other file here does.

use std::error::Error as StdError;
use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use routine::group::{GroupError, Ready};
use routine::{CancelReason, Error, Group, Pool, cancellation_reason, cancelled, group, map, start};
use routine_tests::{capture, records};
use tokio::sync::oneshot;
use tokio::task::yield_now;

/// Why a member is to stop whose group was asked so.
fn requested(why: &'static str) -> CancelReason {
    CancelReason::Requested(Some(why.into()))
}

#[tokio::test]
async fn after_a_group_that_ended_well_a_clone_of_its_scope_starts_nothing() {
    let mut kept = None;
    let work = group(async |scope| {
        kept = Some(scope.clone());
        scope.go(async {}).await
    });
    work.await.unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let scope = kept.unwrap();
    let late = scope.go({
        let ran = Arc::clone(&ran);
        async move { _ = ran.fetch_add(1, SeqCst) }
    });
    assert!(late.await.unwrap_err().is_cancelled());
    assert_eq!((ran.load(SeqCst), scope.live()), (0, 0));
}

#[tokio::test]
async fn a_member_that_fails_before_it_is_ready_is_the_starters_error_and_the_groups_failure() {
    capture();
    let members = Group::<()>::new();
    let never_ready = members.scope().start(|_ready: Ready<()>| async { Err::<(), _>("taken") });
    let told = never_ready.await.unwrap_err();
    let failed = members.join().await.unwrap_err();
    assert!(told.to_string().ends_with("failed: taken"), "{told}");
    assert_eq!((failed.cause().id(), failed.others().len()), (told.id(), 0));

    let work = group(async |scope| {
        let ignored = scope.start(|_ready: Ready<()>| async { Err::<(), _>("taken again") });
        drop(ignored.await);
        Ok::<_, Error>(())
    });
    let again = work.await.unwrap_err();
    assert!(again.to_string().ends_with("failed: taken again"), "{again}");
    drop((told, failed));
    assert!(records(again.cause().trace().root()).is_empty(), "whoever waits has it");
}

#[tokio::test]
async fn a_group_that_is_cancelled_in_the_turn_in_which_a_member_is_ready_keeps_it_ready() {
    for cancels_first in [true, false] {
        let members = Group::<()>::new();
        let scope = members.scope().clone();
        let starts = members.scope().start(move |ready| async move {
            if cancels_first {
                scope.cancel("closing");
            }
            ready.started(5);
            if !cancels_first {
                scope.cancel("closing");
            }
            pending::<Result<(), Error>>().await
        });
        let (value, member) = starts.await.unwrap();
        assert_eq!(value, 5);
        assert_eq!(member.await.unwrap_err().cancellation_reason(), Some(&requested("closing")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_be_ready_when_the_starter_is_gone_changes_nothing() {
    let (begins, has_begun) = oneshot::channel();
    let (leaves, has_left) = mpsc::channel::<()>();
    let (goes_on, went_on) = oneshot::channel();
    let starts = start(|ready| async move {
        begins.send(()).unwrap();
        // Without an await, at which it would end.
        has_left.recv().unwrap();
        ready.started(5);
        goes_on.send("went on").unwrap();
        Ok::<_, Error>(())
    });
    has_begun.await.unwrap();
    drop(starts);
    leaves.send(()).unwrap();
    assert_eq!(went_on.await.unwrap(), "went on");
}

#[tokio::test]
async fn the_failure_of_a_group_inside_is_its_members_and_so_the_groups_outside() {
    let work = group(async |outer| {
        outer.go(async {
            let inside = group(async |inner| {
                inner.go(async { Err::<(), _>("inside") });
                pending::<Result<(), Error>>().await
            });
            inside.await
        });
        pending::<Result<(), Error>>().await
    });
    let error = work.await.unwrap_err();
    assert!(error.cause().downcast_ref::<GroupError>().is_some(), "{error:?}");
    assert!(error.to_string().ends_with("failed: inside") && error.others().is_empty(), "{error:?}");
}

#[tokio::test]
async fn the_failure_of_a_group_inside_that_is_handled_concerns_nobody() {
    let work = group(async |outer| {
        let sibling = outer.go(async {
            yield_now().await;
            Ok::<_, Error>(cancellation_reason())
        });
        let handles = outer.go(async {
            let inside = group(async |inner| {
                inner.go(async { Err::<(), _>("inside") });
                pending::<Result<(), Error>>().await
            });
            Ok::<_, Error>(inside.await.unwrap_err().to_string())
        });
        Ok::<_, Error>((handles.await?, sibling.await?))
    });
    let (told, reason) = work.await.unwrap();
    assert!(told.ends_with("failed: inside") && reason.is_none(), "{told}");
}

#[tokio::test]
async fn to_abort_a_member_that_runs_ends_no_other_and_gives_its_place_up() {
    let mut members = Group::builder().limit(2).build().unwrap();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let runs = members.scope().go_value(pending::<()>());
    members.go(async move { may_go_on.await.map(|()| 1) });
    members.go(async move {
        go_on.send(()).unwrap();
        Ok::<_, Error>(2)
    });
    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!(members.scope().live(), 3, "the third waits for room");
    runs.abort();
    assert!(runs.await.unwrap_err().is_cancelled());
    assert_eq!(members.join().await.unwrap(), [1, 2], "and it is no failure");
}

/// An error with a type of its own.
#[derive(Debug, PartialEq, Eq)]
struct Refused(u8);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused {}", self.0)
    }
}

impl StdError for Refused {}

async fn refuses(number: u8) -> Result<(), Refused> {
    Err(Refused(number))
}

#[tokio::test]
async fn whoever_waits_has_the_members_error_as_the_type_that_it_was() {
    let mut joined = Group::new();
    joined.go(refuses(1));
    let error = joined.join().await.unwrap_err();
    assert_eq!(error.cause().downcast_ref(), Some(&Refused(1)));
    assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&Refused(1)));
    assert_eq!(error.into_cause().downcast::<Refused>().unwrap(), Refused(1));

    let mut settled = Group::new();
    settled.go(refuses(2));
    let outcome = settled.settle().await.remove(0);
    assert_eq!(outcome.unwrap_err().downcast::<Refused>().unwrap(), Refused(2));

    let item = map([3], 1, refuses).next().await.unwrap();
    assert_eq!(item.unwrap_err().downcast::<Refused>().unwrap(), Refused(3));

    let pool = Pool::builder("tested").workers(1).build().unwrap();
    let item = pool.map([4], refuses).next().await.unwrap();
    assert_eq!(item.unwrap_err().downcast::<Refused>().unwrap(), Refused(4));
    let job = pool.submit(refuses(5)).await.unwrap();
    assert_eq!(job.await.unwrap_err().downcast::<Refused>().unwrap(), Refused(5));
}

#[tokio::test]
async fn a_join_of_a_group_that_was_cancelled_gives_the_cancellation_with_its_reason() {
    let mut members = Group::new();
    let first = members.go_value(pending::<()>());
    members.go_value(pending::<()>());
    members.cancel("enough");
    let error = members.join().await.unwrap_err();
    assert_eq!((error.cause().id(), error.cause().is_cancelled()), (Some(first), true));
    assert_eq!(error.cause().cancellation_reason(), Some(&requested("enough")));
    assert!(error.others().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_first_reason_to_cancel_stays() {
    for grace in [None, Some(Duration::from_secs(5))] {
        let builder = Group::<()>::builder();
        let mut members = grace.map_or(builder.clone(), |grace| builder.grace(grace)).build().unwrap();
        members.go_value(pending::<()>());
        yield_now().await;
        members.cancel("the first");
        members.cancel("the second");
        let error = members.settle().await.remove(0).unwrap_err();
        assert_eq!(error.cancellation_reason(), Some(&requested("the first")), "with a grace of {grace:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_fails_within_the_grace_does_not_change_why_the_others_end() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut members = Group::builder().grace(Duration::from_secs(5)).build().unwrap();
    members.go({
        let seen = Arc::clone(&seen);
        async move {
            cancelled().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            seen.lock().unwrap().push(cancellation_reason());
            Ok::<_, Error>(())
        }
    });
    members.go(async {
        cancelled().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err("within the grace")
    });
    let lasts = members.scope().go_value(pending::<()>());
    members.cancel("the first");
    let error = members.join().await.unwrap_err();
    assert!(error.to_string().ends_with("within the grace") && error.others().is_empty(), "{error:?}");
    assert_eq!(*seen.lock().unwrap(), [Some(requested("the first"))]);
    assert_eq!(lasts.await.unwrap_err().cancellation_reason(), Some(&requested("the first")));
}
