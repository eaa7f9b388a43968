//! What ends a routine that is retried: its last error, a panic, a time that is over, being asked to stop.

use std::future::pending;
use std::panic::panic_any;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use routine::{Backoff, Builder, Group, Outcome, Policy, Retry, RetryAfter, cancelled, snapshot};
use routine_tests::{Drops, capture, records};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn every_second<E>(times: u32) -> Retry<E> {
    Retry::times(times).unwrap().backoff(Backoff::constant(SECOND))
}

/// Counts attempts.
#[derive(Clone, Default)]
struct Count(Arc<AtomicU32>);

impl Count {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    fn get(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_not_retried_unless_that_was_asked() {
    capture();
    for (asked, attempts) in [(false, 1), (true, 3)] {
        let count = Count::default();
        let counted = count.clone();
        let retry = if asked { every_second::<String>(3).panics() } else { every_second(3) };
        let handle = Builder::new().policy(Policy::Recover).spawn_retry(retry, move || {
            let number = counted.next();
            async move {
                tokio::task::yield_now().await;
                assert!(number == 0, "attempt {number}");
                Ok(())
            }
        });
        let root = handle.trace().root();
        let error = handle.await.unwrap_err();
        let panic = error.panic().expect("it panicked");
        assert_eq!(panic.message(), format!("attempt {attempts}"));
        assert!(panic.location().is_some_and(|place| place.contains("retry_endings.rs")), "{panic:?}");
        assert!(panic.stack().is_some(), "the stack of the panic that ended it");
        assert_eq!(count.get(), attempts);
        let records = records(root);
        assert_eq!(records.len(), attempts as usize + 1, "{records:#?}");
        assert!(records[0].field("message").contains("attempt 1 of 3 of routine"), "{records:#?}");
        assert!(records[0].field("message").contains("panicked at "), "{records:#?}");
        assert_eq!(records.last().unwrap().field("routine.outcome"), "panicked");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_closure_or_of_what_an_attempt_leaves_is_the_attempts() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic_any("left behind");
        }
    }
    /// Gives its value, and then cannot be dropped.
    struct Leaves(u32, #[allow(dead_code, reason = "it is there to be dropped")] Option<Bad>);
    impl Future for Leaves {
        type Output = Result<u32, String>;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Ready(Ok(self.0))
        }
    }
    let count = Count::default();
    let counted = count.clone();
    let handle = Builder::new().spawn_retry(every_second::<String>(5).panics(), move || {
        let number = counted.next();
        assert!(number != 1, "the closure");
        Leaves(number, (number == 2).then(|| Bad))
    });
    assert_eq!(handle.await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_decides_over_an_attempt_may_panic_and_its_error_is_told() {
    capture();
    let retry = || every_second::<String>(3);
    for retry in [
        retry().when(|_| panic!("no idea")),
        retry().after(|_| panic!("no idea")),
        retry().backoff(Backoff::custom(|_| panic!("no idea"))),
    ] {
        let in_place = retry.clone();
        let fails = || async { Err::<(), _>("the disk is full".to_owned()) };
        let handles = [
            Builder::new().name("upload").spawn_retry(retry, fails),
            Builder::new().name("upload").spawn_value(async move { drop(in_place.run(fails).await) }),
        ];
        for handle in handles {
            let root = handle.trace().root();
            let error = handle.await.unwrap_err();
            let panic = error.panic().expect("it panicked");
            assert_eq!(panic.message(), "no idea");
            assert!(panic.location().is_some_and(|place| place.contains("retry_endings.rs")), "{panic:?}");
            let records = records(root);
            assert_eq!(records[0].field("message"), "attempt 1 of 3 of routine `upload` failed: the disk is full");
            assert_eq!(records.len(), 2, "{records:#?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_dropped_and_retried_and_the_last_one_is_the_outcome() {
    capture();
    let before = Instant::now();
    let (count, drops) = (Count::default(), Drops::default());
    let (counted, guarded) = (count.clone(), drops.clone());
    let retry = every_second::<String>(3).attempt_timeout(SECOND * 10).unwrap();
    let handle = Builder::new().name("slow").spawn_retry(retry, move || {
        assert_eq!(guarded.count(), counted.next() as usize - 1, "what the last attempt left is gone");
        let guard = guarded.guard();
        async move {
            let _guard = guard;
            pending::<()>().await;
            Ok(())
        }
    });
    let root = handle.trace().root();
    let error = handle.await.unwrap_err();
    assert_eq!(before.elapsed(), SECOND * 32);
    assert_eq!(error.outcome(), Some(Outcome::TimedOut));
    assert_eq!(error.to_string(), "routine `slow` did not end within 10s");
    assert_eq!((count.get(), drops.count()), (3, 3));
    let told: Vec<_> = records(root).iter().map(|record| record.field("message").to_owned()).collect();
    assert_eq!(told[0], "attempt 1 of 3 of routine `slow` timed out, the next follows in 1s: did not end within 10s");
    assert_eq!(told[3..], ["routine `slow` timed out: did not end within 10s"]);
}

#[tokio::test(start_paused = true)]
async fn the_timeout_bounds_all_attempts_and_waits_together() {
    for work in [SECOND, SECOND * 60] {
        let before = Instant::now();
        let handle = Builder::new().timeout(SECOND * 20).spawn_retry(every_second(1_000), move || async move {
            sleep(work).await;
            Err::<(), _>("never")
        });
        let error = handle.await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert_eq!(before.elapsed(), SECOND * 20);
    }
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_in_a_wait_it_ends_at_once_with_the_last_error() {
    let before = Instant::now();
    let count = Count::default();
    let counted = count.clone();
    let handle = Builder::new().spawn_retry(every_second(9).after(|_: &String| Some(SECOND * 100)), move || {
        let number = counted.next();
        async move { Err::<(), _>(format!("attempt {number}")) }
    });
    sleep(SECOND * 150).await;
    handle.cancel();
    let error = handle.await.unwrap_err();
    assert_eq!(before.elapsed(), SECOND * 150);
    assert_eq!(error.outcome(), Some(Outcome::Failed));
    assert!(error.to_string().ends_with("attempt 2"), "{error}");
    assert_eq!(count.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_in_an_attempt_it_makes_no_other() {
    let count = Count::default();
    let counted = count.clone();
    let handle = Builder::new().spawn_retry(every_second(9), move || {
        counted.next();
        async {
            cancelled().await;
            Err::<(), _>("stopped")
        }
    });
    tokio::task::yield_now().await;
    handle.cancel();
    assert!(handle.await.unwrap_err().to_string().ends_with("stopped"));
    assert_eq!(count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_before_it_ran_it_makes_the_one_attempt_that_can_see_it() {
    let count = Count::default();
    let counted = count.clone();
    let handle = Builder::new().spawn_retry(every_second(9), move || {
        counted.next();
        async { if routine::is_cancelled() { Err("seen") } else { Ok(()) } }
    });
    handle.cancel();
    assert!(handle.await.unwrap_err().to_string().ends_with("seen"));
    assert_eq!(count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_does_not_wait_for_an_attempt_that_would_begin_after_the_deadline() {
    let before = Instant::now();
    let group = Group::<()>::builder().deadline(SECOND * 10).grace(SECOND * 50).build::<()>().unwrap();
    let errors = group.scope().go_value(async move {
        let plain = Builder::new()
            .spawn_retry(every_second(99).after(|_: &String| Some(SECOND * 4)), move || async move {
                Err::<(), _>(format!("at {}", before.elapsed().as_secs()))
            });
        let plain = plain.await.unwrap_err();
        assert_eq!(before.elapsed(), SECOND * 8, "the next would begin at 12");
        let in_place: Result<(), _> =
            Retry::times(9).unwrap().run(|| std::future::ready(Err(RetryAfter::new(Duration::MAX, "busy")))).await;
        assert_eq!(before.elapsed(), SECOND * 8, "nor does one in place");
        let slow = every_second::<String>(9).attempt_timeout(SECOND * 60).unwrap();
        let slow = Builder::new().spawn_retry(slow, pending::<Result<(), String>>).await.unwrap_err();
        (plain, in_place.unwrap_err(), slow)
    });
    let (plain, in_place, slow) = errors.await.unwrap();
    assert!(plain.to_string().ends_with("at 8"), "{plain}");
    assert_eq!(in_place.after(), Duration::MAX);
    assert!(slow.to_string().ends_with("did not end within 2s"), "cut to what was left: {slow}");
    assert_eq!(before.elapsed(), SECOND * 10);
}

#[tokio::test(start_paused = true)]
async fn aborted_in_an_attempt_or_in_a_wait_it_is_cancelled_and_leaves_nothing() {
    for hangs in [true, false] {
        let drops = Drops::default();
        let guard = drops.guard();
        let handle = Builder::new().spawn_retry(every_second(9), move || {
            let _ = &guard;
            async move {
                if hangs {
                    pending::<()>().await;
                }
                Err::<(), _>("never")
            }
        });
        let id = handle.id();
        tokio::task::yield_now().await;
        assert!(snapshot().get(id).is_some());
        handle.abort();
        assert!(handle.await.unwrap_err().is_cancelled());
        assert!(snapshot().get(id).is_none());
        assert_eq!(drops.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn in_place_a_panic_goes_on_to_the_caller_and_a_dropped_call_makes_no_more_attempts() {
    let count = Count::default();
    let counted = count.clone();
    let caller = routine::go_value(async move {
        let retry: Retry<String> = every_second(9);
        let _: Result<(), _> = retry
            .run(|| {
                counted.next();
                async { panic!("to the caller") }
            })
            .await;
    });
    assert_eq!(caller.await.unwrap_err().panic().unwrap().message(), "to the caller");
    assert_eq!(count.get(), 1);
    let counted = count.clone();
    let retry = every_second(9);
    let call = retry.run(|| {
        counted.next();
        async { Err::<(), _>("never") }
    });
    assert!(tokio::time::timeout(SECOND / 2, call).await.is_err());
    sleep(SECOND * 5).await;
    assert_eq!(count.get(), 2);
}
