//! A starter goes on once the routine is ready, and knows it where that never happens.

use std::future::pending;

use routine::group::Ready;
use routine::{Error, Outcome, group, start};
use routine_tests::{Drops, capture, records};
use tokio::sync::oneshot;

#[tokio::test]
async fn the_value_comes_while_the_routine_runs_on() {
    let (stop, stopped) = oneshot::channel::<u8>();
    let (address, server) = start(|ready| async move {
        ready.started("127.0.0.1:80");
        stopped.await
    })
    .await
    .unwrap();
    assert_eq!(address, "127.0.0.1:80");
    assert!(!server.is_finished());
    stop.send(3).unwrap();
    assert_eq!(server.await.unwrap(), 3);
}

#[tokio::test]
async fn what_fails_before_is_the_starters_error() {
    capture();
    let failed = start(|ready: Ready<()>| async move {
        tokio::task::yield_now().await;
        drop(ready);
        Err::<(), _>("the port is taken")
    })
    .await
    .unwrap_err();
    assert_eq!(failed.outcome(), Some(Outcome::Failed));
    assert!(failed.to_string().ends_with("the port is taken"), "{failed}");
    assert_eq!(records(failed.trace().root()).len(), 1, "and is reported, as of any routine");

    let panicked = start(|_ready: Ready<()>| async move {
        let port: u32 = "no port".parse().expect("a port");
        Ok::<_, Error>(port)
    });
    assert!(panicked.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn to_end_without_being_ready_is_an_error() {
    let error = start(|_ready: Ready<()>| async { Ok::<_, Error>(5) }).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::Completed));
    assert!(error.to_string().ends_with("ended without saying that it had started: call `Ready::started`"), "{error}");
    assert!(error.id().is_some());
}

#[tokio::test]
async fn a_starter_that_goes_away_ends_what_is_not_ready() {
    let drops = Drops::default();
    let guard = drops.guard();
    let never_ready = start(|ready: Ready<()>| async move {
        let _held = (guard, ready);
        pending::<Result<(), Error>>().await
    });
    drop(never_ready);
    while drops.count() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_member_that_is_ready_stays_a_member() {
    let drops = Drops::default();
    let guard = drops.guard();
    let error = group(async |scope| {
        let (value, _) = scope
            .start(|ready| async move {
                let _guard = guard;
                ready.started(5);
                pending::<Result<(), Error>>().await
            })
            .await?;
        assert_eq!(value, 5);
        Err::<(), routine::BoxError>("the body".into())
    })
    .await
    .unwrap_err();
    assert!(error.to_string().ends_with("the body"), "{error}");
    assert_eq!(drops.count(), 1, "it was ended and waited for");
}
