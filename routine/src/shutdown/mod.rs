//! The end of the process, in order: what is asked to stop, in which phase, what is waited for, and what is told of what did
//! not stop.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! #[tokio::main]
//! async fn main() {
//!     routine::run(async {
//!         routine::go(async {
//!             // Serves until it is asked to stop.
//!             routine::cancelled().await;
//!         });
//!         routine::cancelled().await; // SIGTERM, SIGINT or Ctrl-C
//!     })
//!     .await;
//! }
//! ```
//!
//! # Phases
//! A shutdown asks all routines to stop that are in phase 0, which is every one unless
//! [`Builder::phase`](crate::Builder::phase) says otherwise, waits until they have ended, and goes on with the next phase that
//! there is. A routine of a later phase goes on as before until its phase comes, and may start others: a writer in phase 1
//! takes what the handlers of phase 0 still send. What a routine starts is in its phase, but for the children of a
//! [`Supervisor`](crate::Supervisor): it asks them itself, in their order, and so they, and what they start, are in the last
//! phase, 255. At each phase
//!
//! 1. [schedules](mod@crate::schedule) of the phase begin no more runs, and what waits for its time is cancelled;
//!    [pools](crate::Pool) take nothing new, and those that are paused go on;
//! 2. what starts in the phase is refused, but for members of groups, items of maps, what runs in place, and
//!    [`shield`]: somebody who was there before waits for those;
//! 3. [`cancelled`](crate::cancelled) resolves, [`is_cancelled`](crate::is_cancelled) turns true, and the reason is
//!    [`CancelReason::Shutdown`](crate::CancelReason::Shutdown);
//! 4. what is there has time to end: an equal part of what is left of the deadline, so that one that hangs does not take the
//!    time of the phases behind it. Pools run what they have taken, and members of groups go on until they return;
//! 5. jobs of the phase's pools and members of groups that have not ended are ended at their await, as by
//!    [`Handle::abort`](crate::Handle::abort). Whoever waits for them hears of it, and has a fifth of the time, half a second at
//!    most, to come to an end, for which members of groups may be started anew;
//! 6. the rest is ended likewise, and has as long for its clean-up.
//!
//! What is left then takes no time from later phases; it has what time they do not need, as `main` has.
//!
//! So schedules stop first, then pools and groups drain, then the rest is waited for. What was ended is named in the report, once,
//! with what runs in place in it. All of a phase is asked at once: a loop that takes in work and was asked later would go on
//! feeding a pool or a group, and keep it from draining. What jobs and members need to the last belongs in a later phase. A job
//! that was submitted by a routine of an earlier phase than the pool's is waited for with the rest of that phase; the jobs and
//! members of a supervisor's children are those children's, and end with them.
//!
//! Whoever awaits a routine of a later phase waits for that phase: a `main` that does so keeps phase 0 from its end.
//!
//! Blocking work, work that never comes to an await, and what runs in place in a task of somebody else cannot be ended. It is
//! named as left, and held up by nothing: [`run`] ends the process around it.
//!
//! Deadlines and signals live on a thread of the library with a runtime of its own, on the system's clock: a runtime of the
//! application that is blocked cannot delay them.

mod census;
mod report;
mod run;
mod shield;
#[cfg(feature = "signal")]
mod signals;
mod state;
mod thread;

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::dispatcher::{self, Dispatch};
use tracing::subscriber::NoSubscriber;

use crate::current;
use crate::exit;
use crate::id::RoutineId;
use crate::inspect;
use crate::panic;
use crate::pool;
use crate::registry::Slot;
use crate::schedule;
use crate::stats::{self, Stats};

pub use report::{ShutdownReport, Straggler};
pub use run::{Runner, run};
pub use shield::shield;

use report::Told;
pub(crate) use run::end_in_order;
#[cfg(all(test, not(routine_loom)))]
pub(crate) use state::exempt;
pub(crate) use state::{asks, asks as refuses, ends, ends_pools, ends_some, is_exempt, refuses_some, token};

/// The phase of what somebody else asks to stop before, such as the children of supervisors.
pub(crate) const LAST: u8 = u8::MAX;

/// Looks at the routines in pauses of this, at most.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a record, or a callback, may take at least, however late it is.
const WORDS: Duration = Duration::from_secs(1);
/// The time for clean-up, at most, of what is ended.
const CLEAN_UP: Duration = Duration::from_millis(500);

/// What the shutdown came to, once it has.
type Done = watch::Receiver<Option<ShutdownReport>>;

/// When the time of the shutdown is over; `None` where no clock comes to it.
static ENDS: OnceLock<Option<Instant>> = OnceLock::new();
/// The one shutdown of the process.
static SHUTDOWN: OnceLock<Done> = OnceLock::new();

/// Shuts the process down, as far as its routines go: refuses new ones, asks those that are there to stop, phase by phase,
/// waits for them, ends what does not stop while there is still time for its clean-up, runs the
/// [`at_exit`](crate::at_exit) callbacks, and gives a report that names what did not stop, which is also logged. See the
/// [module](mod@crate::shutdown) for the order.
///
/// It begins with the call, not with the await, and is final: a process has one shutdown. Whoever calls again waits for the
/// same one, under the first deadline. The process goes on afterwards; [`run`] also ends it. The routine that calls this is
/// neither waited for nor ended, nor are those that wait for it in place; called outside any, a `main` under [`run`] is not
/// waited for, since it seems to be that which calls.
///
/// # Cancel safety
/// Dropping the future does not stop the shutdown.
///
/// ```no_run
/// # async fn example() {
/// let report = routine::shutdown(std::time::Duration::from_secs(8)).await;
/// for straggler in report.stragglers() {
///     eprintln!("{straggler}");
/// }
/// # }
/// ```
pub fn shutdown(deadline: Duration) -> impl Future<Output = ShutdownReport> + Send + 'static {
    exempt_caller();
    let done = begin(deadline);
    async move { wait(done).await }
}

/// Whether the process is shutting down.
#[must_use]
pub fn is_shutting_down() -> bool {
    state::refuses_some()
}

/// The routine that is current is to wait for the shutdown, or outside any, `main`.
fn exempt_caller() {
    match current::slot().map_or(0, Slot::routine) {
        0 => state::exempt_main(),
        routine => census::exempt(routine),
    }
}

/// Begins the shutdown, unless it has begun.
fn begin(deadline: Duration) -> Done {
    let mut first = None;
    let done = SHUTDOWN.get_or_init(|| {
        let (tell, done) = watch::channel(None);
        first = Some(tell);
        done
    });
    if let Some(tell) = first {
        // Here and not on the other thread, so that what the caller starts next is refused.
        let at = Instant::now();
        let begun = Beginning { at, before: stats::stats() };
        let _ = ENDS.set(at.checked_add(deadline));
        ask(0);
        let work = async move {
            let report = carry_out(begun, deadline).await;
            tell.send_replace(Some(report));
        };
        if let Err(error) = thread::spawn(work) {
            // The sender is gone with the work, which tells whoever waits.
            tracing::error!(target: "routine", %error, "no thread can be started for the shutdown");
        }
    }
    done.clone()
}

async fn wait(mut done: Done) -> ShutdownReport {
    match done.wait_for(Option::is_some).await.map(|done| done.clone()) {
        Ok(Some(report)) => report,
        // There was no thread for it: nobody was waited for.
        Ok(None) | Err(_) => ShutdownReport(Arc::new(Told { left: census::live(u8::MAX).len(), ..Told::default() })),
    }
}

struct Beginning {
    at: Instant,
    before: Stats,
}

async fn carry_out(Beginning { at, before }: Beginning, deadline: Duration) -> ShutdownReport {
    let mut late = Late::default();
    let mut phase = 0;
    loop {
        let census = census::take(phase, &late.ended);
        // What is in the last ends with those before, but for what they have left behind.
        let later = census.later.range(..LAST).count();
        let phases = u32::try_from(later).unwrap_or(u32::MAX).saturating_add(1);
        let time = deadline.saturating_sub(at.elapsed()) / phases;
        pass(phase, time, &mut late).await;
        let Some(next) = census::take(phase, &late.ended).later.first().copied() else { break };
        phase = next;
        ask(phase);
    }
    late.come_to_an_end(at, deadline).await;
    let mut told = late.tell();
    told.took = at.elapsed();
    told.ended = difference(&stats::stats(), &before);
    let report = ShutdownReport(Arc::new(told));
    let record = report.clone();
    // Before the callbacks, which may close what is written to.
    thread::aside("routine-report", WORDS, move || tell(&record)).await;
    let time = exit::deadline().min(deadline.saturating_sub(at.elapsed()).max(WORDS));
    if !thread::aside("routine-at-exit", time, exit::run_callbacks).await {
        let text = format!("the `at_exit` callbacks did not end within {time:?}");
        thread::aside("routine-words", WORDS, move || tracing::error!(target: "routine", "{text}")).await;
    }
    report
}

/// Asks a phase to stop.
fn ask(phase: u8) {
    state::refuse(phase);
    // Whoever is asked to stop finds them closed. A waker may be a user's, and panic.
    panic::swallow(|| schedule::stop(phase));
    panic::swallow(|| pool::ask_to_close(phase));
    panic::swallow(|| state::ask(phase));
    panic::swallow(|| census::wake_queued(phase));
}

/// Waits for a phase that was asked to stop, and ends what does not: first what is in pools and groups, then the rest.
async fn pass(phase: u8, time: Duration, late: &mut Late) {
    let begun = Instant::now();
    let clean_up = CLEAN_UP.min(time / 5);
    let rest_ends = time.saturating_sub(clean_up);
    if stopped(phase, begun, rest_ends.saturating_sub(clean_up), &late.ended).await {
        return;
    }
    let mut ended = census::live_in_groups_and_pools(phase);
    late.name(&ended);
    state::end_members(phase, &ended);
    panic::swallow(|| census::wake_members(phase));
    // What pools drop is a user's.
    thread::aside("routine-pools", rest_ends.saturating_sub(begun.elapsed()), move || pool::kill(phase)).await;
    if !stopped(phase, begun, rest_ends, &late.ended).await {
        let rest = census::live(phase);
        late.name(&rest);
        ended.extend(rest);
        state::end(phase);
        panic::swallow(|| census::wake(phase));
        stopped(phase, begun, time, &late.ended).await;
    }
    // What is left of it takes no time from later phases.
    late.ended.extend(ended);
}

/// What did not stop.
#[derive(Default)]
struct Late {
    /// All that is to be told of.
    numbers: HashSet<u64>,
    /// What was ended in phases that are over: without the children of supervisors, whose own phase is still to come.
    ended: HashSet<u64>,
    /// About the oldest of it: those of the lowest numbers.
    named: Vec<Straggler>,
}

impl Late {
    /// Takes in what is about to be ended, with what ends with it.
    fn name(&mut self, late: &[u64]) {
        let snapshot = inspect::snapshot();
        let mut new = census::below(late, &snapshot);
        new.extend(late);
        new.retain(|number| self.numbers.insert(*number));
        new.sort_unstable();
        let named = new.iter().filter_map(|number| snapshot.get(RoutineId::from_raw(*number)?));
        self.named.extend(named.take(report::NAMED).map(|routine| Straggler::of(&routine)));
        self.named.sort_unstable_by_key(Straggler::id);
        self.named.truncate(report::NAMED);
    }

    /// Waits for what is left, and for `main`, as long as there is time that no phase needs.
    async fn come_to_an_end(&self, begun: Instant, time: Duration) {
        loop {
            let is_over =
                !state::waits_for_main() && !census::live(LAST).iter().any(|number| self.ended.contains(number));
            let left = time.saturating_sub(begun.elapsed());
            if is_over || left.is_zero() {
                return;
            }
            sleep(PAUSE.min(left)).await;
        }
    }

    /// What became of it.
    fn tell(mut self) -> Told {
        let left: HashSet<u64> =
            census::live(LAST).into_iter().filter(|number| self.numbers.contains(number)).collect();
        for straggler in &mut self.named {
            straggler.has_ended = !left.contains(&straggler.id().get());
        }
        Told { did_not_stop: self.numbers.len(), left: left.len(), stragglers: self.named, ..Told::default() }
    }
}

/// Waits until nothing of a phase is there but what was ended before; whether that came to be in time.
///
/// By looking now and then, since whatever told of each end would be paid for by every routine, all the life of the process.
async fn stopped(phase: u8, begun: Instant, time: Duration, ended: &HashSet<u64>) -> bool {
    let (mut pause, mut is_empty) = (Duration::from_millis(1), false);
    loop {
        // One that started another and ended may have been looked for before the other, which was not there yet.
        let started = stats::stats().started;
        if census::take(phase, ended).live == 0 && stats::stats().started == started {
            if is_empty {
                return true;
            }
            is_empty = true;
        } else {
            is_empty = false;
        }
        let left = time.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return is_empty;
        }
        sleep(pause.min(left)).await;
        pause = if is_empty { pause } else { PAUSE.min(pause * 2) };
    }
}

fn difference(now: &Stats, before: &Stats) -> Stats {
    Stats {
        started: now.started.saturating_sub(before.started),
        completed: now.completed.saturating_sub(before.completed),
        failed: now.failed.saturating_sub(before.failed),
        panicked: now.panicked.saturating_sub(before.panicked),
        cancelled: now.cancelled.saturating_sub(before.cancelled),
        timed_out: now.timed_out.saturating_sub(before.timed_out),
        live: now.live,
        rejected: now.rejected.saturating_sub(before.rejected),
    }
}

/// Makes the records of a shutdown: one for each that did not stop, and one for the whole.
fn tell(report: &ShutdownReport) {
    if dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
        if !report.is_clean() {
            exit::write_to_stderr(&format!("routine: {report}\n"));
        }
        return;
    }
    for straggler in report.stragglers() {
        let (file, line) = straggler.spawned_at();
        tracing::error!(
            target: "routine",
            {
                routine.id = straggler.id().get(),
                routine.name = straggler.name(),
                code.file.path = file,
                code.line.number = line,
            },
            "did not stop: {straggler}"
        );
    }
    if report.is_clean() {
        tracing::info!(target: "routine", "{report}");
    } else {
        tracing::error!(target: "routine", "shut down, but {} routines did not stop", report.did_not_stop());
    }
}
