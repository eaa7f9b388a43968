//! The options of the macros by which a body runs later, or more than once.

use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use routine::{Handle, RestartsExhausted, RoutineId, Schedule, prelude::*, routine};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Counter {
    runs: AtomicUsize,
    /// The routines in which attempts were made.
    seen: Mutex<Vec<RoutineId>>,
}

impl Counter {
    fn next(&self) -> usize {
        self.runs.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// Fails every second time.
    #[routine(every = "1s", name = "tick")]
    async fn tick(self: Arc<Self>) -> Result<(), String> {
        sleep(Duration::from_millis(1)).await;
        let run = self.next();
        if run.is_multiple_of(2) { Err(format!("{run} is even, of {}", self.runs())) } else { Ok(()) }
    }

    #[routine(every = "10s", after = "1s", span = off)]
    async fn early(self: Arc<Self>) {
        self.next();
    }

    #[routine(every = "1s")]
    fn block(self: Arc<Self>) {
        self.next();
    }

    #[routine(retry(times = 3, base = "1s", max = "1s"))]
    async fn third_time(self: Arc<Self>, (add, mut label): (usize, String), _: u8) -> Result<String, String> {
        label.push_str(&self.next().to_string());
        if self.runs() < 3 { Err(label) } else { Ok(format!("{label}+{add}")) }
    }

    #[routine(retry(times = 5), quiet)]
    fn blocking(self: Arc<Self>) -> std::io::Result<usize> {
        match self.next() {
            1 => Err(std::io::Error::other("not yet")),
            run => Ok(run),
        }
    }

    #[routine(retry(times = 9, when = is_transient), quiet)]
    async fn picky(self: Arc<Self>) -> Result<Infallible, String> {
        Err(if self.next() < 3 { "transient".to_owned() } else { "final".to_owned() })
    }

    #[routine(retry(times = 5, base = "1s", max = "1s", timeout = "2s"), timeout = "1m", quiet)]
    async fn hangs(self: Arc<Self>, times: usize) -> Result<usize, String> {
        if self.next() <= times {
            pending::<()>().await;
        }
        Ok(self.runs())
    }

    /// The third attempt of every run succeeds, but for the second run, which has too few.
    #[routine(every = "1m", retry(times = 3, base = "1s", max = "1s"), name = "import")]
    async fn import(self: Arc<Self>) -> Result<(), String> {
        self.seen.lock().unwrap().push(routine::current().unwrap().id());
        match self.next() {
            3 | 7.. => Ok(()),
            attempt => Err(format!("attempt {attempt}")),
        }
    }

    #[routine(after = "5s", retry(times = 3, base = "1s", max = "1s", when = is_transient), quiet)]
    async fn import_later(self: Arc<Self>, label: String) -> Result<String, String> {
        match self.next() {
            1 | 2 => Err("transient".to_owned()),
            3 => Ok(label),
            _ => Err("final".to_owned()),
        }
    }

    #[routine(every = "1m", retry(times = 2, base = "1s", max = "1s", timeout = "2s"), timeout = "1h")]
    async fn import_hangs(self: Arc<Self>) -> Result<(), String> {
        self.next();
        pending().await
    }

    #[routine(after = "5s", retry(times = 3), quiet)]
    fn import_on_a_thread(self: Arc<Self>) -> Result<usize, String> {
        if self.next() == 1 { Err("not yet".to_owned()) } else { Ok(self.runs()) }
    }

    #[routine(retry(times = 50, base = "1s", max = "1s", timeout = "10s"), timeout = "1m", quiet)]
    async fn hangs_for_ever(self: Arc<Self>) -> Result<Infallible, String> {
        self.next();
        pending().await
    }

    /// Each attempt changes what is its own, and takes the arguments that there are.
    #[routine(retry(times = 3), quiet)]
    async fn changes_itself(
        mut self: Arc<Self>,
        #[cfg(not(test))] mut seen: u8,
        #[cfg(test)] mut seen: usize,
    ) -> Result<Infallible, String> {
        seen += self.next();
        self = Arc::default();
        self.next();
        Err(format!("{seen}, {}", self.runs()))
    }

    /// `self` in every place where it may stand, and where it is another.
    #[routine(retry(times = 2))]
    async fn everywhere(self: Arc<Self>, add: usize) -> Result<String, String> {
        use std::fmt::{self, Display};

        struct Shown(usize);

        impl Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "<{}>", self.0)
            }
        }

        let next = || self.next();
        let runs = self::twice(next()) + add;
        let all = vec![self.runs(), self::twice(self.runs())];
        if self.runs() == 1 {
            return Err(format!("{self:?} {{self}}"));
        }
        Ok(format!("{} {all:?} {self} {{self}}", Shown(runs)))
    }

    #[routine(restart(max = 2, within = "1h"), quiet)]
    async fn restarted(self: Arc<Self>, step: usize) -> Result<(), String> {
        self.runs.fetch_add(step, Ordering::Relaxed);
        Err("it ends".to_owned())
    }
}

const fn twice(number: usize) -> usize {
    number * 2
}

impl std::fmt::Display for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {}", self.runs())
    }
}

#[allow(clippy::ptr_arg, reason = "it is called with the error as it is")]
fn is_transient(error: &String) -> bool {
    error == "transient"
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_method_runs_once_in_every_period_whatever_a_run_ends_in() {
    let counter = Arc::new(Counter::default());
    let schedule: Schedule = Arc::clone(&counter).tick();
    assert_eq!(schedule.name(), "tick");
    sleep(SECOND * 4 + SECOND / 2).await;
    assert_eq!((schedule.stats().completed, schedule.stats().failed, counter.runs()), (2, 2, 4));
    schedule.stop(Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn after_says_when_the_first_run_of_a_schedule_is() {
    let counter = Arc::new(Counter::default());
    let schedule = Arc::clone(&counter).early();
    sleep(SECOND * 2).await;
    assert_eq!(counter.runs(), 1);
    sleep(SECOND * 10).await;
    assert_eq!(counter.runs(), 2);
    schedule.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_scheduled_function_without_async_runs_on_a_thread_as_a_routine() {
    let counter = Arc::new(Counter::default());
    let schedule = Arc::clone(&counter).block();
    assert_eq!(schedule.name(), "block");
    assert!(schedule.run_now());
    while counter.runs() == 0 || schedule.stats().completed == 0 {
        tokio::task::yield_now().await;
    }
    schedule.stop(SECOND).await;
}

#[routine(cron = "30 2 * * *", tz = "America/New_York")]
async fn nightly() {}

#[tokio::test]
async fn a_cron_line_goes_by_its_zone() {
    let schedule = nightly();
    let utc = schedule.next(1)[0].duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() % 86_400;
    // Five hours behind in winter, four in summer, and once a year at three o'clock.
    assert!([7 * 3600 + 1800, 6 * 3600 + 1800, 7 * 3600].contains(&utc), "{utc}");
    schedule.stop(Duration::ZERO).await;
}

#[routine(after = "5s")]
async fn later(name: &'static str, (left, right): (u32, u32)) -> String {
    format!("{name} {}", left + right)
}

#[routine(after = "5s", quiet)]
async fn later_fails() -> Result<u8, &'static str> {
    Err("it fails")
}

#[routine(after = "5s")]
fn later_blocking(number: u8) -> std::io::Result<(u8, bool)> {
    Ok((number, routine::current().is_some()))
}

#[tokio::test(start_paused = true)]
async fn what_runs_later_has_its_arguments_and_gives_its_value() {
    let begun = Instant::now();
    let handle: Handle<String> = later("sum", (1, 2));
    assert_eq!(handle.await.unwrap(), "sum 3");
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert!(later_fails().await.unwrap_err().to_string().ends_with("it fails"));
    assert_eq!(later_blocking(7).await.unwrap(), (7, true));
    let aborted = later("never", (0, 0));
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_function_is_tried_again_with_its_arguments() {
    let counter = Arc::new(Counter::default());
    let given = Arc::clone(&counter).third_time((7, "run ".to_owned()), 0).await;
    assert_eq!(given.unwrap(), "run 3+7");
    assert_eq!(counter.runs(), 3);
}

#[tokio::test(start_paused = true)]
async fn self_may_stand_everywhere() {
    let given = Arc::new(Counter::default()).everywhere(10).await.unwrap();
    assert_eq!(given, "<14> [2, 4] at 2 {self}");
}

#[tokio::test]
async fn blocking_work_is_tried_again() {
    assert_eq!(Arc::new(Counter::default()).blocking().await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_runs_of_a_schedule_are_tried_again_each_for_itself() {
    let counter = Arc::new(Counter::default());
    let schedule: Schedule = Arc::clone(&counter).import();
    sleep(SECOND * 90).await;
    assert_eq!((schedule.stats().completed, schedule.stats().failed, counter.runs()), (1, 0, 3));
    sleep(SECOND * 60).await;
    assert_eq!((schedule.stats().completed, schedule.stats().failed, counter.runs()), (1, 1, 6));
    sleep(SECOND * 60).await;
    assert_eq!((schedule.stats().completed, schedule.stats().failed, counter.runs()), (2, 1, 7));
    schedule.stop(Duration::ZERO).await;
    let mut runs = counter.seen.lock().unwrap().clone();
    runs.dedup();
    assert_eq!(runs.len(), 3, "the attempts of a run are made in one routine");
}

#[tokio::test(start_paused = true)]
async fn what_runs_later_is_tried_again() {
    let (began, counter) = (Instant::now(), Arc::new(Counter::default()));
    let later = Arc::clone(&counter).import_later("third".to_owned());
    assert_eq!(later.await.unwrap(), "third");
    assert!((SECOND * 5..=SECOND * 7).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert!(Arc::clone(&counter).import_later(String::new()).await.unwrap_err().to_string().ends_with("final"));
    assert_eq!(counter.runs(), 4);
    assert_eq!(Arc::new(Counter::default()).import_on_a_thread().await.unwrap(), 2);

    let counter = Arc::new(Counter::default());
    let hangs = Arc::clone(&counter).import_hangs();
    sleep(SECOND * 70).await;
    assert_eq!((hangs.stats().timed_out, counter.runs()), (1, 2));
    hangs.stop(Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_time_of_its_own_within_that_of_the_whole() {
    let began = Instant::now();
    assert_eq!(Arc::new(Counter::default()).hangs(3).await.unwrap(), 4);
    // Three attempts of 2 s, and a wait of 1 s at most behind each.
    assert!(began.elapsed() >= SECOND * 6 && began.elapsed() < SECOND * 10, "{:?}", began.elapsed());

    let error = Arc::new(Counter::default()).hangs(5).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().ends_with("did not end within 2s"), "{error}");

    let (began, counter) = (Instant::now(), Arc::new(Counter::default()));
    let error = Arc::clone(&counter).hangs_for_ever().await.unwrap_err();
    assert!(error.to_string().ends_with("did not end within 60s"), "{error}");
    assert_eq!(began.elapsed(), SECOND * 60);
    assert!((5..=6).contains(&counter.runs()), "{}", counter.runs());
}

#[tokio::test(start_paused = true)]
async fn inline_each_attempt_has_a_time_of_its_own_too() {
    let counter = Arc::new(Counter::default());
    let slow = |counter: Arc<Counter>| async move {
        if counter.next() < 3 {
            pending::<()>().await;
        }
        Ok::<_, String>(counter.runs())
    };
    let own = Arc::clone(&counter);
    assert_eq!(routine!(retry(times = 3, timeout = "2s"), timeout = "1m", slow(Arc::clone(&own))).await.unwrap(), 3);
    let handle = routine! { <retry(times = 2, timeout = "2s"), quiet> pending::<Result<(), String>>().await?; };
    assert!(handle.await.unwrap_err().to_string().ends_with("did not end within 2s"));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_own_self_to_change_and_the_arguments_that_there_are() {
    let counter = Arc::new(Counter::default());
    let error = Arc::clone(&counter).changes_itself(10).await.unwrap_err();
    assert!(error.to_string().ends_with("failed: 13, 1"), "{error}");
    assert_eq!(counter.runs(), 3);
}

#[tokio::test(start_paused = true)]
async fn when_says_which_errors_are_tried_again() {
    let counter = Arc::new(Counter::default());
    let error = Arc::clone(&counter).picky().await.unwrap_err();
    assert!(error.to_string().ends_with("failed: final"), "{error}");
    assert_eq!(counter.runs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_loop_is_restarted_with_its_arguments_within_its_budget() {
    let counter = Arc::new(Counter::default());
    let error = Arc::clone(&counter).restarted(10).await.unwrap_err();
    assert!(error.downcast_ref::<RestartsExhausted>().is_some(), "{error}");
    assert_eq!(counter.runs(), 30);
}

async fn fetch(counter: Arc<Counter>) -> Result<usize, String> {
    match counter.next() {
        run if run < 3 => Err(format!("not yet: {run}")),
        run => Ok(run),
    }
}

#[tokio::test(start_paused = true)]
async fn inline_an_expression_is_evaluated_for_each_attempt() {
    let counter = Arc::new(Counter::default());
    let own = Arc::clone(&counter);
    assert_eq!(routine!(retry(times = 4, base = "1s"), fetch(Arc::clone(&own))).await.unwrap(), 3);
    let own = Arc::clone(&counter);
    let closure = routine!(retry(times = 4), name = "again", timeout = "1h", move || {
        let own = Arc::clone(&own);
        async move { fetch(own).await.map(|run| run + 1) }
    });
    assert_eq!(closure.await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn inline_statements_are_tried_again() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let handle = routine! { <retry(times = 3)>
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        if run < 2 {
            Err("not yet")?;
        }
        run
    };
    assert_eq!(handle.await.unwrap(), 2);
    let ends = routine!(restart(max = 1), quiet, async {
        RUNS.fetch_add(10, Ordering::Relaxed);
    });
    assert!(ends.await.unwrap_err().downcast_ref::<RestartsExhausted>().is_some());
    assert_eq!(RUNS.load(Ordering::Relaxed), 23);
}

#[routine(restart(max = 1))]
async fn for_ever() -> ! {
    loop {
        pending::<()>().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_never_ends_is_a_loop_all_the_same() {
    let handle: Handle<()> = for_ever();
    tokio::task::yield_now().await;
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
}
