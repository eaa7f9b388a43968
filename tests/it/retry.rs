//! Work is tried again as often as was asked, with the waits that were asked for, in one routine.

use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use routine::{Backoff, BoxError, Builder, Outcome, Policy, Retry, RetryAfter, snapshot};
use routine_tests::{capture, records};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Each attempt's time since the beginning, in milliseconds.
#[derive(Clone)]
struct Attempts(Arc<Mutex<Vec<u128>>>, Instant);

impl Attempts {
    fn begin() -> Self {
        Self(Arc::default(), Instant::now())
    }

    /// Notes one, and gives its number.
    fn note(&self) -> usize {
        let mut times = self.0.lock().unwrap();
        times.push(self.1.elapsed().as_millis());
        times.len()
    }

    fn times(&self) -> Vec<u128> {
        self.0.lock().unwrap().clone()
    }
}

fn every_second<E>(times: u32) -> Retry<E> {
    Retry::times(times).unwrap().backoff(Backoff::constant(SECOND))
}

#[tokio::test(start_paused = true)]
async fn it_is_tried_until_there_is_a_value() {
    let attempts = Attempts::begin();
    let seen = attempts.clone();
    let handle = Builder::new().spawn_retry(every_second(5), move || {
        let number = seen.note();
        async move { if number < 3 { Err("not yet") } else { Ok(number) } }
    });
    assert_eq!(handle.await.unwrap(), 3);
    assert_eq!(attempts.times(), [0, 1_000, 2_000]);
}

#[tokio::test(start_paused = true)]
async fn it_is_one_routine_with_one_report_and_an_event_for_each_attempt() {
    capture();
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ids);
    let handle = Builder::new().name("flaky").field("file", "a.csv").spawn_retry(every_second(3), move || {
        seen.lock().unwrap().push(routine::current().unwrap().id());
        async { Err::<(), _>(std::io::Error::other("no route\nto host")) }
    });
    let (id, trace) = (handle.id(), handle.trace());
    tokio::task::yield_now().await;
    assert_eq!(snapshot().get(id).unwrap().name(), "flaky", "it is listed while it waits");
    let error = handle.await.unwrap_err();
    assert!(error.downcast_ref::<std::io::Error>().is_some());
    assert_eq!(*ids.lock().unwrap(), [id; 3]);
    let records = records(trace.root());
    let told: Vec<_> = records.iter().map(|record| record.field("message").to_owned()).collect();
    assert_eq!(
        told,
        [
            "attempt 1 of 3 of routine `flaky` failed, the next follows in 1s: no route\\nto host",
            "attempt 2 of 3 of routine `flaky` failed, the next follows in 1s: no route\\nto host",
            "attempt 3 of 3 of routine `flaky` failed: no route\\nto host",
            "routine `flaky` failed: no route\\nto host",
        ]
    );
    let numbers: Vec<_> = records.iter().map(|record| record.field("routine.attempt").to_owned()).collect();
    assert_eq!(numbers, ["1", "2", "3", ""]);
    assert_eq!(records[0].field("routine.next"), "1s");
    assert_eq!(records[3].field("routine.fields"), "file=a.csv attempts=3");
    for record in &records {
        assert_eq!(record.field("routine.id"), id.to_string());
        assert_eq!(record.field("exception.type"), "std::io::error::Error");
        assert_eq!(record.field("span_id"), trace.segment().to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_word_it_is_tried_three_times() {
    let attempts = Attempts::begin();
    let seen = attempts.clone();
    let handle = Builder::new().spawn_retry(Retry::new(), move || {
        seen.note();
        async { Err::<(), _>("never") }
    });
    handle.await.unwrap_err();
    assert_eq!(attempts.times().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_back_off_of_nothing_waits_for_nothing_and_starves_nobody() {
    let before = Instant::now();
    let others = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&others);
    let other = routine::go_value(async move {
        loop {
            counted.fetch_add(1, SeqCst);
            tokio::task::yield_now().await;
        }
    });
    let retry = Retry::times(100).unwrap().backoff(Backoff::constant(Duration::ZERO));
    Builder::new().spawn_retry(retry, || async { Err::<(), _>("never") }).await.unwrap_err();
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(others.load(SeqCst) >= 99, "{others:?}");
    other.abort();
}

#[tokio::test(start_paused = true)]
async fn only_errors_that_are_wanted_are_retried() {
    let attempts = Attempts::begin();
    let seen = attempts.clone();
    let retry = every_second(9).when(|error: &String| error.starts_with("soft"));
    let handle = Builder::new().spawn_retry(retry, move || {
        let number = seen.note();
        async move { Err::<(), _>(if number < 3 { "soft".to_owned() } else { "hard".to_owned() }) }
    });
    assert!(handle.await.unwrap_err().to_string().ends_with("hard"));
    assert_eq!(attempts.times(), [0, 1_000, 2_000]);
}

#[derive(Debug)]
struct Deep(BoxError);

impl fmt::Display for Deep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deep")
    }
}

impl StdError for Deep {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_says_when_is_respected_wherever_it_is_in_the_chain() {
    let attempts = Attempts::begin();
    let seen = attempts.clone();
    let handle = Builder::new().spawn_retry(every_second(5), move || {
        let busy = RetryAfter::new(Duration::from_secs(90), "busy");
        let error: BoxError = match seen.note() {
            1 => Box::new(busy),
            2 => Box::new(Deep(Box::new(Deep(Box::new(busy))))),
            3 => Box::new(std::io::Error::other(busy)),
            _ => "something else".into(),
        };
        async { Err::<(), _>(error) }
    });
    handle.await.unwrap_err();
    assert_eq!(attempts.times(), [0, 90_000, 180_000, 270_000, 271_000], "longer than any back-off, and not random");
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_reads_from_an_error_comes_before_its_chain() {
    let attempts = Attempts::begin();
    let seen = attempts.clone();
    let retry = every_second(4).after(|error: &RetryAfter| Some(error.after() * 2).filter(|_| error.after() > SECOND));
    let handle = Builder::new().spawn_retry(retry, move || {
        let seconds = if seen.note() == 1 { 5 } else { 1 };
        async move { Err::<(), _>(RetryAfter::new(SECOND * seconds, "busy")) }
    });
    handle.await.unwrap_err();
    assert_eq!(attempts.times(), [0, 10_000, 11_000, 12_000]);
}

#[tokio::test(start_paused = true)]
async fn a_chain_without_an_end_is_looked_at_for_a_while() {
    #[derive(Debug)]
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("endless")
        }
    }
    impl StdError for Endless {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(self)
        }
    }
    assert_eq!(RetryAfter::find(&Endless), None);
    Builder::new().spawn_retry(every_second(2), || async { Err::<(), _>(Endless) }).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn in_place_it_borrows_and_returns_the_error_as_it_is() {
    capture();
    let mut attempts = 0;
    let result: Result<(), u32> = every_second(4)
        .run(|| {
            attempts += 1;
            let number = attempts;
            async move { Err(number) }
        })
        .await;
    assert_eq!(result, Err(4));
    let asked = RetryAfter::new(SECOND * 7, "busy");
    let mut asked = Some(asked);
    let before = Instant::now();
    let result: Result<(), BoxError> =
        every_second(2).run(|| std::future::ready(Err(asked.take().map_or("still".into(), BoxError::from)))).await;
    assert_eq!(result.unwrap_err().to_string(), "still");
    assert_eq!(before.elapsed(), SECOND * 7);
}

#[tokio::test(start_paused = true)]
async fn in_place_its_attempts_are_told_under_the_routine_that_runs_there() {
    capture();
    let handle = Builder::new().name("around").spawn_value(async {
        let retry = every_second(2);
        let _: Result<(), _> = retry.run(|| async { Err("twice") }).await;
        routine::stats().failed
    });
    let (id, root) = (handle.id(), handle.trace().root());
    handle.await.unwrap();
    let records = records(root);
    assert_eq!(records.len(), 2, "no report, since the caller has the error: {records:#?}");
    assert_eq!(records[1].field("message"), "attempt 2 of 2 of routine `around` failed: twice");
    assert_eq!(records[1].field("routine.id"), id.to_string());
}

#[tokio::test]
async fn nonsense_is_refused_with_what_to_do() {
    let none = Retry::<BoxError>::times(0).unwrap_err();
    assert!(none.to_string().ends_with("ask for at least 1"), "{none}");
    let no_time = Retry::<BoxError>::new().attempt_timeout(Duration::ZERO).unwrap_err();
    assert!(no_time.to_string().contains("longer timeout"), "{no_time}");
    let outside = std::thread::spawn(|| {
        Builder::new().try_spawn_retry(Retry::new(), || async { Ok::<_, BoxError>(()) }).unwrap_err().is_rejected()
    });
    assert!(outside.join().unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_longest_durations_there_are_overflow_nothing() {
    let retry = Retry::times(u32::MAX)
        .unwrap()
        .backoff(Backoff::constant(Duration::MAX))
        .attempt_timeout(Duration::MAX)
        .unwrap();
    let handle =
        Builder::new().timeout(Duration::from_mins(1)).spawn_retry(retry, || async { Err::<(), _>("ever again") });
    assert_eq!(handle.await.unwrap_err().outcome(), Some(Outcome::TimedOut));
    let retry = every_second(3);
    let asks = || async { Err::<(), _>(RetryAfter::new(Duration::MAX, "in 584 billion years")) };
    let handle = Builder::new().policy(Policy::Recover).timeout(Duration::from_mins(1)).spawn_retry(retry, asks);
    assert!(handle.await.unwrap_err().is_timeout());
}
