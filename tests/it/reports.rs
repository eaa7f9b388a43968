//! One record for each failure, with what a reader needs at night.

use std::fmt;

use routine::{Builder, Policy, go};
use routine_tests::{capture, records};

#[tokio::test]
async fn an_error_makes_one_record_with_the_names_of_opentelemetry() {
    capture();
    let line = line!() + 1;
    let handle = Builder::new()
        .name("import")
        .field("file", "a.csv")
        .spawn(async { std::fs::metadata("/no such file").map(|_| ()).map_err(|error| std::io::Error::other(error)) });
    let (id, trace) = (handle.id(), handle.trace());
    let _ = handle.await;
    let records = records(trace.root());
    assert_eq!(records.len(), 1, "{records:#?}");
    let record = &records[0];
    assert_eq!(record.field("routine.id"), id.to_string());
    assert_eq!(record.field("routine.name"), "import");
    assert_eq!(record.field("span_id"), trace.segment().to_string());
    assert_eq!(record.field("routine.trace"), trace.to_string());
    assert_eq!(record.field("exception.type"), "std::io::error::Error");
    assert!(record.field("exception.message").contains("No such file"), "{record:?}");
    assert_eq!(record.field("code.file.path"), file!());
    assert_eq!(record.field("code.line.number"), line.to_string());
    assert_eq!(record.field("routine.fields"), "file=a.csv");
    assert_eq!(record.spans.last(), Some(&id.to_string()), "it is logged inside the routine's span");
}

#[tokio::test]
async fn text_from_outside_cannot_forge_a_line() {
    capture();
    let handle = go(async { Err::<(), _>("bad\nERROR forged \x1b[31m".to_owned()) });
    let root = handle.trace().root();
    let _ = handle.await;
    let message = records(root)[0].field("message").to_owned();
    assert!(message.ends_with("failed: bad\\nERROR forged \\u{1b}[31m"), "{message}");
}

#[derive(Debug)]
struct Hostile;

impl fmt::Display for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::panic_any("its display")
    }
}

impl std::error::Error for Hostile {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::panic::panic_any("its source")
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::panic_any("its drop");
        }
    }
}

#[tokio::test]
async fn whatever_an_error_does_it_is_reported_and_no_worker_dies() {
    capture();
    let handle = go(async { Err::<(), _>(Hostile) });
    let root = handle.trace().root();
    while !handle.is_finished() {
        tokio::task::yield_now().await;
    }
    drop(handle);
    let records = records(root);
    assert_eq!(records.len(), 1);
    assert!(records[0].field("message").contains("<its Display panicked>"), "{records:?}");
    assert_eq!(go(async { Ok::<_, Hostile>(1) }).await.unwrap(), 1);
}

#[tokio::test]
async fn a_message_of_100_megabytes_is_cut() {
    capture();
    let handle = go(async { std::panic::panic_any("x".repeat(100_000_000)) });
    let root = handle.trace().root();
    let error = handle.await.unwrap_err();
    assert!(error.panic().unwrap().message().len() < 5_000);
    assert!(records(root)[0].field("message").len() < 10_000);
}

#[tokio::test]
async fn a_quiet_failure_belongs_to_whoever_asks() {
    capture();
    let asked = Builder::new().quiet().spawn(async { Err::<(), _>("asked for") });
    let root = asked.trace().root();
    assert!(asked.await.is_err());
    assert_eq!(records(root).len(), 0);
    let unasked = Builder::new().quiet().spawn(async { Err::<(), _>("not asked for") });
    let root = unasked.trace().root();
    while !unasked.is_finished() {
        tokio::task::yield_now().await;
    }
    assert_eq!(records(root).len(), 0);
    drop(unasked);
    assert_eq!(records(root).len(), 1);
}

#[tokio::test]
async fn a_recovered_panic_is_reported_with_its_stack() {
    capture();
    let handle = Builder::new().policy(Policy::Recover).spawn(async { std::panic::panic_any("seen") });
    let root = handle.trace().root();
    let _ = handle.await;
    let records = records(root);
    assert_eq!(records.len(), 1);
    assert!(!records[0].field("exception.stacktrace").is_empty(), "{records:?}");
}

#[tokio::test]
async fn what_panics_while_an_abort_drops_it_is_a_record_and_the_outcome_stays() {
    capture();
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            std::panic::panic_any("in its drop");
        }
    }
    let bad = Bad;
    let handle = go(async move {
        let _bad = bad;
        std::future::pending::<()>().await;
    });
    let root = handle.trace().root();
    tokio::task::yield_now().await;
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert!(records(root)[0].field("message").contains("in its drop"));
}

/// Returns an error, and panics when it is dropped.
struct FailsTwice;

impl Future for FailsTwice {
    type Output = Result<(), &'static str>;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::task::Poll::Ready(Err("the error"))
    }
}

impl Drop for FailsTwice {
    fn drop(&mut self) {
        panic!("while it is dropped");
    }
}

#[tokio::test]
async fn an_error_is_told_also_where_a_panic_decides_how_the_routine_ended() {
    capture();
    let handle = routine::go(FailsTwice);
    let root = handle.trace().root();
    assert!(handle.await.unwrap_err().is_panic());
    let mut told: Vec<_> = records(root).iter().map(|record| record.field("exception.message").to_owned()).collect();
    told.sort();
    assert_eq!(told, ["the error", "while it is dropped"]);
}
