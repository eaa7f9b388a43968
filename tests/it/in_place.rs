//! Functions that stay as they are, with a routine around their body.

use std::io;
use std::panic::AssertUnwindSafe;

use routine::prelude::*;
use routine_tests::{capture, records};

struct Store {
    rows: Vec<String>,
}

impl Store {
    #[routine(in_place)]
    async fn find(&self, key: &str) -> io::Result<&str> {
        tokio::task::yield_now().await;
        self.rows.iter().find(|row| row.contains(key)).map(String::as_str).ok_or_else(|| io::Error::other("none"))
    }

    #[routine(in_place)]
    fn push(&mut self, row: &str) -> &mut Self {
        self.rows.push(row.to_owned());
        self
    }

    #[routine(in_place, recover)]
    async fn checked(&self, key: &str) -> Result<usize, routine::Error> {
        assert!(!key.is_empty(), "no key");
        Ok(self.rows.len())
    }

    #[routine(in_place, timeout = "5s")]
    async fn slow(&self) -> Result<(), routine::Error> {
        std::future::pending().await
    }
}

trait Finds {
    async fn find_one(&self) -> Option<&str>;

    #[routine(in_place)]
    fn provided(&self) -> bool {
        routine::current().is_some()
    }
}

impl Finds for Store {
    #[routine(in_place)]
    async fn find_one(&self) -> Option<&str> {
        self.rows.first().map(String::as_str)
    }
}

#[routine(in_place)]
fn boxed<'a>(text: &'a str) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(async move {
        assert_eq!(routine::current().unwrap().name(), "boxed");
        text.len()
    })
}

#[routine(in_place)]
fn opaque(text: &str) -> impl Future<Output = usize> {
    let length = text.len();
    async move { length }
}

#[tokio::test]
async fn receivers_borrows_and_traits_stay() {
    let mut store = Store { rows: Vec::new() };
    store.push("a row").push("another");
    assert_eq!(store.find("another").await.unwrap(), "another");
    assert_eq!(store.find_one().await, Some("a row"));
    assert!(store.provided());
    assert_eq!(boxed("four").await, 4);
    assert_eq!(opaque("four").await, 4);
}

#[tokio::test]
async fn an_error_is_returned_and_not_reported() {
    capture();
    let scope = routine::Trace::new();
    let store = Store { rows: Vec::new() };
    let found = routine::trace::scope(scope, store.find("none")).await;
    assert!(found.is_err());
    assert!(records(scope.root()).is_empty());
}

#[tokio::test]
async fn recover_makes_an_error_of_a_panic() {
    capture();
    let scope = routine::Trace::new();
    let store = Store { rows: Vec::new() };
    let error = routine::trace::scope(scope, store.checked("")).await.unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "no key");
    assert_eq!(records(scope.root()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_returned() {
    capture();
    let scope = routine::Trace::new();
    let store = Store { rows: Vec::new() };
    assert!(routine::trace::scope(scope, store.slow()).await.unwrap_err().is_timeout());
    assert!(records(scope.root()).is_empty(), "whoever holds the error reports it, or does not");
}

#[routine(in_place, timeout = "10ms")]
async fn slow_and_silent() {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_the_value_cannot_tell_is_reported() {
    capture();
    let scope = routine::Trace::new();
    routine::trace::scope(scope, slow_and_silent()).await;
    assert_eq!(records(scope.root()).len(), 1);
}

#[routine(in_place)]
async fn panics() {
    std::panic::panic_any("inside")
}

#[tokio::test]
async fn a_panic_goes_on_and_is_reported_once() {
    capture();
    let handle = routine::go(async { panics().await });
    let root = handle.trace().root();
    assert!(handle.await.unwrap_err().is_panic());
    assert_eq!(records(root).len(), 1, "{:#?}", records(root));
}

#[routine(in_place, recover)]
async fn recovers() -> Result<(), routine::Error> {
    panics().await;
    Ok(())
}

#[tokio::test]
async fn under_recover_its_panic_has_a_stack_and_takes_it_along() {
    capture();
    let handle = routine::go_with_recover(async { panics().await });
    let root = handle.trace().root();
    let error = handle.await.unwrap_err();
    let panic = error.panic().unwrap();
    assert!(panic.location().unwrap().contains("in_place.rs:"), "{panic}");
    let stack = panic.stack().unwrap();
    assert!(stack.contains("in_place.rs:") && !stack.contains("catch_unwind"), "{stack}");
    let records = records(root);
    assert_eq!(records.len(), 1, "{records:#?}");
    // Other tests may have used up what is shown at once.
    let shown = records[0].field("exception.stacktrace");
    assert!(shown == stack || shown.starts_with("omitted"), "{shown}");
}

#[tokio::test]
async fn recover_around_it_returns_its_place_and_stack() {
    capture();
    let scope = routine::Trace::new();
    let error = routine::trace::scope(scope, recovers()).await.unwrap_err();
    let panic = error.panic().unwrap();
    assert!(panic.location().is_some() && panic.stack().is_some(), "{panic:?}");
    assert!(error.to_string().contains("in_place.rs:"), "{error}");
    assert_eq!(records(scope.root()).len(), 1);
}

#[tokio::test]
async fn a_panic_that_was_caught_silences_no_later_one() {
    capture();
    let handle = routine::go_value(async {
        let caught = std::panic::catch_unwind(AssertUnwindSafe(|| Box::pin(panics()).as_mut().poll(&mut context())));
        let payload = caught.map(|_| ()).unwrap_err();
        tokio::task::yield_now().await;
        // The same box stands for a new one that was given its place.
        std::panic::resume_unwind(payload);
    });
    let root = handle.trace().root();
    assert!(handle.await.unwrap_err().is_panic());
    assert_eq!(records(root).len(), 2, "{:#?}", records(root));
}

fn context() -> std::task::Context<'static> {
    std::task::Context::from_waker(std::task::Waker::noop())
}

#[test]
fn it_needs_no_runtime() {
    let mut store = Store { rows: Vec::new() };
    store.push("row");
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| assert!(!store.provided())));
    assert!(caught.is_err(), "it was not a routine");
}
