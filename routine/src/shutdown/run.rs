//! Around `main`: signals shut the process down, and it does not end before its routines have.

use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::timeout_at;

use super::state::Main;
use super::{Done, ENDS, WORDS, begin, exempt_caller, thread, wait};
use crate::exit;

/// Whether `main` has returned; where nobody tells any more, it never will.
type Returned = watch::Receiver<bool>;

/// The time that a shutdown has unless something else is said: docker gives a container 10 seconds between the signal that
/// asks and the one that kills, and a report that is killed helps nobody.
const DEADLINE: Duration = Duration::from_secs(8);
/// What the process exits with where it is ended around something: 128 and the number of the signal that asked for the end.
static CODE: AtomicI32 = AtomicI32::new(1);

/// Runs `main` with the process around it: SIGINT and SIGTERM (Ctrl-C on Windows) shut the process down in order, and the
/// process does not end before its routines have. [`Runner`] has the options.
///
/// Once `main` returns, or panics, or a signal comes, a [`shutdown`](fn@super::shutdown) begins, of 8 seconds. `main` itself is asked to
/// stop by a signal, too: it should wait for [`cancelled`](crate::cancelled) where it waits for ever.
///
/// - Where everything stops, this gives what `main` returned, or goes on with its panic: the process ends as `main` has it.
/// - Where something did not end (blocking work, work that never comes to an await), it is named in the log, and the process
///   is ended around it: with 128 and the number of the signal that asked, else with 1.
/// - Where `main` does not return before the deadline of a signal, likewise.
/// - A second signal ends the process at once, with 128 and its number.
///
/// The [`at_exit`](crate::at_exit) callbacks run at the end of the shutdown, not where a second signal ends it.
///
/// Without the feature `signal`, which is on by default, no signal is heard.
///
/// # Cancel safety
/// Dropping the future drops `main`, and no shutdown begins by itself.
///
/// ```
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> std::io::Result<()> {
///     routine::run(async {
///         routine::go(async { /* still ends, though main does not wait for it */ });
///         Ok(())
///     })
///     .await
/// }
/// ```
pub async fn run<F: Future>(main: F) -> F::Output {
    Runner::new().run(main).await
}

/// [`run`] with options.
#[must_use = "a runner runs nothing until `run` or `block_on` is called"]
#[derive(Clone, Debug)]
pub struct Runner {
    deadline: Duration,
    signals: bool,
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

impl Runner {
    /// A runner that listens to signals, and gives a shutdown 8 seconds.
    pub const fn new() -> Self {
        Self { deadline: DEADLINE, signals: true }
    }

    /// The time that the shutdown has, the time for the clean-up of what it ends included: give it a little less than whoever
    /// kills the process after its signal does.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Leaves the signals to somebody else, who calls [`shutdown`](fn@super::shutdown).
    pub const fn without_signals(mut self) -> Self {
        self.signals = false;
        self
    }

    /// [`run`] on a runtime of one's own, which ends with it, without waiting for what plain tasks and blocking work have
    /// left behind.
    ///
    /// # Panics
    /// Inside a runtime, as tokio's `block_on`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// let answer = routine::shutdown::Runner::new().block_on(runtime, async { 42 });
    /// assert_eq!(answer, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn block_on<F: Future>(self, runtime: Runtime, main: F) -> F::Output {
        let output = runtime.block_on(self.run(main));
        runtime.shutdown_background();
        output
    }

    /// [`run`] with these options.
    ///
    /// # Cancel safety
    /// As [`run`].
    pub async fn run<F: Future>(self, main: F) -> F::Output {
        let (tell_returned, has_returned) = watch::channel(false);
        if self.signals {
            self.listen(&has_returned);
        }
        let running = Main::begin();
        let mut main = pin!(main);
        let output = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| main.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(payload)),
        })
        .await;
        tell_returned.send_replace(true);
        drop(running);
        self.end(&has_returned).await;
        match output {
            Ok(output) => output,
            Err(payload) => resume_unwind(payload),
        }
    }

    /// Shuts down after `main`. Does not return where the process is to be ended around what is left.
    async fn end(&self, has_returned: &Returned) {
        exempt_caller();
        let (release, mut released) = watch::channel(false);
        let done = begin(self.deadline);
        let returned = has_returned.clone();
        let watched = thread::spawn(async move {
            if settle(done, returned).await {
                release.send_replace(true);
            } else {
                // Its drop would tell whoever waits.
                pending::<()>().await;
            }
        });
        if watched.is_ok() {
            let _ = released.wait_for(|released| *released).await;
        }
    }

    #[cfg(feature = "signal")]
    fn listen(&self, has_returned: &Returned) {
        use super::signals::Signals;

        // Here and not on the other thread, so that a signal that comes as soon as `main` runs is heard.
        let signals = thread::runtime().and_then(|runtime| {
            let _inside = runtime.enter();
            Signals::new()
        });
        let mut signals = match signals {
            Ok(signals) => signals,
            Err(error) => {
                tracing::error!(target: "routine", %error, "signals cannot be heard");
                return;
            }
        };
        let deadline = self.deadline;
        let returned = has_returned.clone();
        let listens = async move {
            let first = signals.next().await;
            CODE.store(first.code(), Ordering::SeqCst);
            if IS_OVER.load(Ordering::SeqCst) {
                exit::end_process(first.code());
            }
            let done = begin(deadline);
            let told = thread::spawn(async move {
                let words = move || {
                    tracing::info!(
                        target: "routine",
                        "{}: shutting down within {deadline:?}; a second signal exits at once",
                        first.name
                    );
                };
                thread::aside("routine-words", WORDS, words).await;
            });
            drop(told);
            let ends = thread::spawn(async move {
                settle(done, returned).await;
            });
            drop(ends);
            exit::end_process(signals.next().await.code());
        };
        drop(thread::spawn(listens));
    }

    #[cfg(not(feature = "signal"))]
    #[allow(clippy::unused_self)]
    const fn listen(&self, _: &Returned) {}
}

/// Whether all has stopped, and the process is about to end by itself: a signal that comes then ends it at once.
static IS_OVER: AtomicBool = AtomicBool::new(false);
/// Whether the process ends even if everything stops: a routine has failed that must not.
static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Shuts the process down, since a routine has failed that must not, and then ends it with code 1.
pub(crate) fn end_in_order(deadline: Duration) {
    HAS_FAILED.store(true, Ordering::SeqCst);
    let done = begin(deadline);
    let ends = thread::spawn(async move {
        wait(done).await;
        exit::end_process(1);
    });
    if ends.is_err() {
        exit::end_process(1);
    }
}

/// Waits for the shutdown, and ends the process where that left something behind, or `main` does not return. Whether the process
/// may end by itself.
async fn settle(done: Done, mut returned: Returned) -> bool {
    let report = wait(done).await;
    // It may have asked for the shutdown itself, and have something to say about the report.
    let least = Instant::now() + WORDS;
    let until = ENDS.get().copied().flatten().map_or(least, |ends| ends.max(least));
    let has_returned = async { returned.wait_for(|returned| *returned).await.is_ok() };
    let has_returned = timeout_at(until.into(), has_returned).await.unwrap_or(false);
    if !has_returned {
        let text = "routine: `main` did not return after the shutdown: await `routine::cancelled` in it\n";
        thread::aside("routine-words", WORDS, || exit::write_to_stderr(text)).await;
    }
    let has_failed = HAS_FAILED.load(Ordering::SeqCst);
    if has_returned && report.is_over() && !has_failed {
        IS_OVER.store(true, Ordering::SeqCst);
        return true;
    }
    exit::end_process(if has_failed { 1 } else { CODE.load(Ordering::SeqCst) });
    // The exit was replaced, and returned.
    true
}
