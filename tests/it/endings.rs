//! Every way a routine ends, and what its handle gives.

use std::time::Duration;

use routine::{Builder, Outcome, Policy, go, go_blocking, go_value, is_cancelled};
use routine_tests::capture;

#[derive(Debug)]
struct Taken(u16);

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "port {} is taken", self.0)
    }
}

impl std::error::Error for Taken {}

#[tokio::test]
async fn a_value_comes_back() {
    assert_eq!(go(async { Ok::<_, Taken>(7) }).await.unwrap(), 7);
    assert_eq!(go_value(async { "as it is" }).await.unwrap(), "as it is");
    assert_eq!(go_blocking(|| Ok::<_, Taken>(8)).await.unwrap(), 8);
}

#[tokio::test]
async fn an_error_comes_back_as_what_it_was() {
    capture();
    let error = go(async { Err::<(), _>(Taken(80)) }).await.unwrap_err();
    assert_eq!(error.outcome(), Some(Outcome::Failed));
    assert_eq!(error.downcast_ref::<Taken>().map(|taken| taken.0), Some(80));
    assert!(error.to_string().ends_with("failed: port 80 is taken"), "{error}");
    assert!(!error.is_panic() && !error.is_cancelled() && !error.is_timeout() && !error.is_rejected());
}

#[tokio::test]
async fn a_panic_comes_back_with_its_place() {
    capture();
    let line = line!() + 1;
    let error = go(async { assert!(std::hint::black_box(false), "no {}", "way") }).await.unwrap_err();
    assert!(error.is_panic());
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "no way");
    assert!(panic.location().unwrap().starts_with(&format!("{}:{line}:", file!())), "{panic}");
    assert_eq!(panic.stack(), None);
}

#[tokio::test]
async fn recover_has_the_stack_of_the_panic() {
    capture();
    fn deep() {
        assert!(std::hint::black_box(false), "deep down");
    }
    let error = Builder::new().policy(Policy::Recover).spawn(async { deep() }).await.unwrap_err();
    let stack = error.panic().unwrap().stack().unwrap();
    assert!(stack.contains("::deep"), "{stack}");
    assert!(!stack.contains("tokio::runtime"), "{stack}");
    assert!(!stack.contains("core::panicking"), "{stack}");
}

#[tokio::test]
async fn a_resumed_panic_has_no_stack_of_another() {
    capture();
    let handle = Builder::new().policy(Policy::Recover).spawn(async {
        let caught = std::panic::catch_unwind(|| assert!(std::hint::black_box(false), "first"));
        assert!(caught.is_err());
        std::panic::resume_unwind(Box::new("second"))
    });
    let error = handle.await.unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "second");
    assert_eq!(error.panic().unwrap().stack(), None);
    assert_eq!(error.panic().unwrap().location(), None);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_an_outcome_of_its_own() {
    capture();
    let handle = Builder::new().timeout(Duration::from_secs(3)).spawn(std::future::pending::<()>());
    let started = tokio::time::Instant::now();
    let error = handle.await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(started.elapsed().as_secs(), 3);
    let in_time = Builder::new().timeout(Duration::from_secs(3)).spawn(tokio::time::sleep(Duration::from_secs(2)));
    assert!(in_time.await.is_ok());
}

#[test]
fn a_timeout_without_timers_is_a_contained_panic() {
    capture();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let timeout = Builder::new().timeout(Duration::from_secs(3));
    let handle = timeout.spawn_on(runtime.handle(), std::future::pending::<()>());
    assert_eq!(runtime.block_on(handle).unwrap_err().outcome(), Some(Outcome::Panicked));
}

#[tokio::test]
async fn whoever_calls_cancelled_is_the_one_who_is_asked_also_where_another_task_awaits_it() {
    let handle = go_value(async {
        let asked = routine::cancelled();
        tokio::spawn(asked).await.unwrap();
        is_cancelled()
    });
    tokio::task::yield_now().await;
    handle.cancel();
    assert!(handle.await.unwrap());
}

#[tokio::test]
async fn a_cancel_is_seen_inside_and_ends_nothing_by_itself() {
    let handle = go_value(async {
        routine::cancelled().await;
        is_cancelled()
    });
    tokio::task::yield_now().await;
    handle.cancel();
    assert!(handle.await.unwrap());
    let asked_first = go_value(async {
        routine::cancelled().await;
        7
    });
    asked_first.cancel();
    assert_eq!(asked_first.await.unwrap(), 7);
}

#[tokio::test]
async fn blocking_work_that_runs_only_sees_the_flag() {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let handle = go_blocking(move || {
        let _ = begun.send(());
        while !is_cancelled() {
            std::thread::yield_now();
        }
        Ok::<_, Taken>("ended by itself")
    });
    has_begun.await.unwrap();
    handle.abort();
    assert_eq!(handle.await.unwrap(), "ended by itself");
}

#[tokio::test]
async fn a_local_routine_runs_on_its_thread() {
    let local = tokio::task::LocalSet::new();
    let ran = local
        .run_until(async {
            let here = std::rc::Rc::new(5);
            Builder::new().spawn_local(async move { Ok::<_, Taken>(*here) }).await
        })
        .await;
    assert_eq!(ran.unwrap(), 5);
}

#[tokio::test]
async fn a_routines_own_error_is_given_back_whole() {
    let error = go(async { Err::<(), _>(std::io::Error::other("mine")) }).await.unwrap_err();
    let error = error.downcast::<std::fmt::Error>().unwrap_err();
    let shared = error.clone();
    let error = error.downcast::<std::io::Error>().unwrap_err();
    drop(shared);
    assert_eq!(error.downcast::<std::io::Error>().unwrap().to_string(), "mine");
}

#[tokio::test]
async fn every_form_of_the_builder_takes_any_value() {
    assert_eq!(Builder::new().try_spawn_value(async { 5 }).unwrap().await.unwrap(), 5);
    let here = tokio::runtime::Handle::current();
    assert_eq!(Builder::new().spawn_value_on(&here, async { 6 }).await.unwrap(), 6);
    assert_eq!(Builder::new().spawn_blocking_value(|| 7).await.unwrap(), 7);
    let outside = std::thread::spawn(|| Builder::new().try_spawn_value(async {}).unwrap_err().is_rejected());
    assert!(outside.join().unwrap());
}
