//! A race is won by the first success, and nothing of it is left behind.

use std::future::{Future, pending};
use std::pin::Pin;

use routine::{Outcome, race};
use routine_tests::{Drops, capture, records};

type Runner = Pin<Box<dyn Future<Output = Result<u8, String>> + Send>>;

async fn fails(text: &str) -> Result<u8, String> {
    tokio::task::yield_now().await;
    Err(text.to_owned())
}

#[tokio::test]
async fn the_first_success_wins_and_the_others_have_ended() {
    capture();
    let root = routine::Trace::new();
    let drops = Drops::default();
    let (one, two) = (drops.guard(), drops.guard());
    let runners: [Runner; 4] = [
        Box::pin(async move {
            let _one = one;
            pending().await
        }),
        Box::pin(fails("too early")),
        Box::pin(async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            Ok(7)
        }),
        Box::pin(async move {
            let _two = two;
            pending().await
        }),
    ];
    assert_eq!(routine::trace::scope(root, race(runners)).await.unwrap(), 7);
    assert_eq!(drops.count(), 2, "they were waited for");
    let messages: Vec<_> =
        records(root.root()).iter().map(|record| record.field("exception.message").to_owned()).collect();
    assert_eq!(messages, ["too early"], "a failure that the winner hides is reported");
}

#[tokio::test]
async fn where_none_succeeds_the_first_failure_is_the_cause() {
    capture();
    let root = routine::Trace::new();
    let runners: Vec<Runner> = vec![
        Box::pin(fails("one")),
        Box::pin(async { panic!("two") }),
        Box::pin(async {
            fails("ignored").await.unwrap_err();
            fails("three").await
        }),
    ];
    let error = routine::trace::scope(root, race(runners)).await.unwrap_err();
    assert_eq!(error.cause().outcome(), Some(Outcome::Panicked), "it came first: {error}");
    let others: Vec<_> = error.others().iter().map(ToString::to_string).collect();
    assert!(others[0].ends_with("failed: one") && others[1].ends_with("failed: three"), "{others:?}");
    assert!(records(root.root()).is_empty(), "whoever waits has them");
}

#[tokio::test]
async fn a_race_of_nobody_is_an_error() {
    let error = race(Vec::<Runner>::new()).await.unwrap_err();
    assert!(error.cause().is_rejected());
    assert!(error.to_string().contains("give a race at least one future"), "{error}");
}

#[tokio::test]
async fn dropped_it_ends_all() {
    let drops = Drops::default();
    let guard = drops.guard();
    let runner = async move {
        let _guard = guard;
        pending::<Result<(), String>>().await
    };
    tokio::select! {
        biased;
        _ = race([runner]) => unreachable!("nobody can win"),
        () = tokio::task::yield_now() => {}
    }
    while drops.count() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn its_routines_are_started_where_the_race_is() {
    let runner = async {
        let snapshot = routine::snapshot();
        Ok::<_, String>(snapshot.get(routine::current().unwrap().id()).unwrap().spawned_at())
    };
    let line = line!() + 1;
    let race = race([runner]);
    let (file, found) = race.await.unwrap();
    assert!(file.ends_with("group_race.rs") && found == line, "{file}:{found}");
}
