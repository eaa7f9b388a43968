//! Every way in which what tokio holds of a routine can be polled, run and dropped, against what must come of it.
//!
//! Tokio polls and drops a task on one thread at a time, so an abort comes before a poll, between two, or after the last:
//! these orders are all there are, and each is gone through here by hand, without tokio.

use std::any::{Any, type_name};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{Fallible, Task};
use crate::alone::alone;
use crate::birth;
use crate::blocking::Job;
use crate::error::Error;
use crate::hook::HookHandle;
use crate::in_place::{InPlace, Returns};
use crate::outcome::Outcome;
use crate::panic::drop_payload;
use crate::policy::Policy;
use crate::registry::State;
use crate::start::Start;
use crate::stats::{Stats, stats};
use crate::thread::{give, take};
use crate::{add_around_routine, current, set_exit, set_span_level};

/// What tokio, or the caller, holds of the routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Task,
    InPlace,
    /// In place, where a panic becomes a value.
    Recovering,
    Job,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finale {
    Dropped,
    /// By a thread that unwinds.
    DroppedInPanic,
    Value,
    Error,
    Panic,
    Timeout,
    /// It has a timeout where there are no timers.
    NoTimers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hooks {
    None,
    There,
    /// Added between two polls.
    Added,
    /// Removed between two polls.
    Removed,
}

#[derive(Clone, Copy, Debug)]
// Each is a choice of its own, and all of them are gone through.
#[allow(clippy::struct_excessive_bools)]
struct Case {
    held: Held,
    finale: Finale,
    /// Polls that find the body waiting, before the finale.
    waits: usize,
    /// The body panics when it is dropped.
    body_panics: bool,
    /// So does its value, its error, or the payload of its panic.
    left_panics: bool,
    policy: Policy,
    quiet: bool,
    hooks: Hooks,
    spans: bool,
}

impl Case {
    fn all() -> Vec<Self> {
        use Finale::{Dropped, DroppedInPanic, NoTimers, Panic, Timeout, Value};
        let mut cases = Vec::new();
        for held in [Held::Task, Held::InPlace, Held::Recovering, Held::Job] {
            for finale in [Dropped, DroppedInPanic, Value, Finale::Error, Panic, Timeout, NoTimers] {
                for waits in 0..3 {
                    for policy in [Policy::Log, Policy::Recover, Policy::MustSuccess] {
                        for hooks in [Hooks::None, Hooks::There, Hooks::Added, Hooks::Removed] {
                            for bits in 0..16 {
                                cases.push(Self {
                                    held,
                                    finale,
                                    waits,
                                    body_panics: bits & 1 != 0,
                                    left_panics: bits & 2 != 0,
                                    policy,
                                    quiet: bits & 4 != 0,
                                    hooks,
                                    spans: bits & 8 != 0,
                                });
                            }
                        }
                    }
                }
            }
        }
        cases.retain(Self::exists);
        cases
    }

    fn exists(&self) -> bool {
        let in_place = matches!(self.held, Held::InPlace | Held::Recovering);
        let leaves = matches!(self.finale, Finale::Value | Finale::Error | Finale::Panic);
        let between_polls = matches!(self.hooks, Hooks::Added | Hooks::Removed);
        match self.held {
            // A closure is not polled, and what it holds is dropped while its panic unwinds, where another ends the process.
            Held::Job if self.waits > 0 || matches!(self.finale, Finale::Timeout | Finale::NoTimers) => return false,
            Held::Job if self.body_panics && leaves && (self.finale == Finale::Panic || self.left_panics) => {
                return false;
            }
            _ => {}
        }
        // The macros refuse these, and a timer that is not there is missed at the first poll.
        !(in_place && (self.quiet || self.policy == Policy::MustSuccess))
            && !(self.quiet && self.policy == Policy::MustSuccess)
            && (!self.left_panics || leaves)
            && !(between_polls && self.waits == 0)
            && !(self.waits > 0 && self.finale == Finale::NoTimers)
            && !(self.waits == 0 && self.finale == Finale::Timeout)
    }

    fn has_timeout(&self) -> bool {
        matches!(self.finale, Finale::Timeout | Finale::NoTimers)
    }

    fn is_dropped(&self) -> bool {
        matches!(self.finale, Finale::Dropped | Finale::DroppedInPanic)
    }

    fn starts(&self) -> bool {
        self.waits > 0 || !self.is_dropped()
    }

    fn outcome(&self) -> Outcome {
        match self.finale {
            Finale::Dropped | Finale::DroppedInPanic => Outcome::Cancelled,
            Finale::Timeout => Outcome::TimedOut,
            Finale::NoTimers | Finale::Panic => Outcome::Panicked,
            Finale::Value | Finale::Error if self.body_panics => Outcome::Panicked,
            Finale::Value => Outcome::Completed,
            Finale::Error => Outcome::Failed,
        }
    }

    /// Whether a hook sees the routine.
    fn is_hooked(&self) -> bool {
        matches!(self.hooks, Hooks::There | Hooks::Removed)
    }

    /// Records of the ending itself.
    fn reports(&self) -> usize {
        match self.outcome() {
            Outcome::Completed | Outcome::Cancelled => 0,
            Outcome::Failed | Outcome::TimedOut if matches!(self.held, Held::InPlace | Held::Recovering) => 0,
            _ => 1,
        }
    }

    /// Records of what went wrong besides, and did not decide how the routine ended: what panicked while it was dropped, and
    /// the error of a body that panicked then.
    fn other_reports(&self) -> usize {
        let decides = matches!(self.finale, Finale::Value | Finale::Error);
        let dropped = if decides { self.body_panics && self.left_panics } else { self.body_panics };
        let error = self.finale == Finale::Error && self.body_panics && self.held == Held::Task;
        usize::from(dropped) + usize::from(error)
    }

    fn exits(&self) -> usize {
        usize::from(self.policy == Policy::MustSuccess && self.reports() > 0)
    }
}

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Before { started: bool },
    Poll,
    BodyDropped,
    LeftDropped,
    After { started: bool, outcome: Outcome },
}

type Steps = Arc<Mutex<Vec<Step>>>;

fn note(steps: &Steps, step: Step) {
    steps.lock().unwrap().push(step);
}

/// The body: each poll waits, but the last.
struct Body {
    case: Case,
    waits: usize,
    id: u64,
    steps: Steps,
}

impl Body {
    fn run(&self) -> Result<Left, Failing> {
        let left = || Left { panics: self.case.left_panics, steps: Arc::clone(&self.steps) };
        match self.case.finale {
            Finale::Value => Ok(left()),
            Finale::Error => Err(Failing::Own(left())),
            _ => panic_any(left()),
        }
    }

    fn note(&self, step: Step) {
        assert_eq!(current().unwrap().id().get(), self.id, "another routine is current");
        note(&self.steps, step);
    }
}

impl Future for Body {
    type Output = Result<Left, Failing>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        self.note(Step::Poll);
        if self.waits > 0 || self.case.has_timeout() {
            self.waits = self.waits.saturating_sub(1);
            return Poll::Pending;
        }
        Poll::Ready(self.run())
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.note(Step::BodyDropped);
        if self.case.body_panics {
            panic_any("its body's drop");
        }
    }
}

/// What the body leaves behind.
struct Left {
    panics: bool,
    steps: Steps,
}

impl Drop for Left {
    fn drop(&mut self) {
        note(&self.steps, Step::LeftDropped);
        if self.panics {
            panic_any("its drop");
        }
    }
}

enum Failing {
    Own(#[expect(dead_code, reason = "it is dropped")] Left),
    Routine(Error),
}

impl fmt::Debug for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }
}

impl std::error::Error for Failing {}

enum Holder {
    Task(Pin<Box<Task<Fallible, Body>>>),
    InPlace(Pin<Box<InPlace<Body>>>),
    Job(Option<Job<Fallible, Result<Left, Failing>>>),
}

impl Holder {
    fn new(case: Case, steps: &Steps) -> Self {
        let mut start = Start::typed(type_name::<Body>, case.policy);
        if case.has_timeout() {
            start = start.timeout(Duration::from_secs(3));
        }
        if case.quiet {
            start = start.quiet();
        }
        // Numbers are given one after the other, and nobody else is here.
        let id = stats().started + 1;
        let body = Body { case, waits: case.waits, id, steps: Arc::clone(steps) };
        let failing = |error| Err(Failing::Routine(error));
        let returns = Returns::result().timing_out(failing);
        match case.held {
            Held::Task => Self::Task(Box::pin(Task::new(birth::begin(start, crate::current::slot()).slot, body))),
            Held::InPlace => Self::InPlace(Box::pin(InPlace::new(start, body, returns))),
            Held::Recovering => Self::InPlace(Box::pin(InPlace::new(start, body, returns.recovering(failing)))),
            Held::Job => {
                let work = move || {
                    body.note(Step::Poll);
                    let result = body.run();
                    // By hand: what a function returns is leaked where its captures panic after it (rust-lang/rust#47949).
                    drop(body);
                    result
                };
                Self::Job(Some(Job::new(birth::begin(start, crate::current::slot()).slot, Box::new(work))))
            }
        }
    }

    fn poll(&mut self) -> Poll<Result<Left, Failing>> {
        let mut cx = Context::from_waker(Waker::noop());
        match self {
            Self::Task(task) => task.as_mut().poll(&mut cx).map_err(Failing::Routine),
            Self::InPlace(in_place) => in_place.as_mut().poll(&mut cx),
            Self::Job(job) => Poll::Ready(job.take().unwrap().run().map_err(Failing::Routine)),
        }
    }
}

/// Counts the records and spans of the process.
struct Counting;

static RECORDS: AtomicUsize = AtomicUsize::new(0);
static OPENED: AtomicUsize = AtomicUsize::new(0);
static CLOSED: AtomicUsize = AtomicUsize::new(0);
static ENTERED: AtomicUsize = AtomicUsize::new(0);
static LEFT: AtomicUsize = AtomicUsize::new(0);
static EXITS: AtomicUsize = AtomicUsize::new(0);

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "routine"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1 + OPENED.fetch_add(1, SeqCst) as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        RECORDS.fetch_add(1, SeqCst);
    }

    fn enter(&self, _: &Id) {
        ENTERED.fetch_add(1, SeqCst);
    }

    fn exit(&self, _: &Id) {
        LEFT.fetch_add(1, SeqCst);
    }

    fn try_close(&self, _: Id) -> bool {
        CLOSED.fetch_add(1, SeqCst);
        true
    }
}

fn add_hook(steps: &Steps) -> HookHandle {
    let (before, after) = (Arc::clone(steps), Arc::clone(steps));
    add_around_routine(
        move |begin| {
            assert_eq!(current().unwrap().id(), begin.id());
            note(&before, Step::Before { started: begin.started() });
        },
        move |end| {
            assert_eq!(current().unwrap().id(), end.id());
            note(&after, Step::After { started: end.started(), outcome: end.outcome() });
        },
    )
}

/// How a poll ended that was to be the last.
fn ending(polled: Result<Poll<Result<Left, Failing>>, Box<dyn Any + Send>>) -> (Outcome, Box<dyn Any + Send>) {
    match polled {
        Ok(Poll::Ready(Ok(left))) => (Outcome::Completed, Box::new(left)),
        Ok(Poll::Ready(Err(Failing::Routine(error)))) => (error.outcome().unwrap(), Box::new(error)),
        Ok(Poll::Ready(Err(own))) => (Outcome::Failed, Box::new(own)),
        Ok(Poll::Pending) => panic!("it did not end"),
        Err(payload) => (Outcome::Panicked, payload),
    }
}

fn counted(before: Stats, now: Stats) -> Vec<Outcome> {
    let each = [
        (Outcome::Completed, now.completed - before.completed),
        (Outcome::Failed, now.failed - before.failed),
        (Outcome::Panicked, now.panicked - before.panicked),
        (Outcome::Cancelled, now.cancelled - before.cancelled),
        (Outcome::TimedOut, now.timed_out - before.timed_out),
    ];
    each.into_iter()
        .flat_map(|(outcome, times)| std::iter::repeat_n(outcome, usize::try_from(times).unwrap()))
        .collect()
}

fn go_through(case: Case, timers: &tokio::runtime::Runtime) {
    let next_slot = || {
        let slots = [take(), take()];
        assert!(!std::ptr::eq(slots[0], slots[1]), "a slot was freed twice");
        assert!(slots.iter().all(|slot| slot.state() == State::Free));
        give(slots[1]);
        give(slots[0]);
        std::ptr::from_ref(slots[0])
    };
    let (slot, books, records) = (next_slot(), stats(), RECORDS.load(SeqCst));
    EXITS.store(0, SeqCst);
    set_span_level(case.spans.then_some(tracing::Level::INFO));
    let steps = Steps::default();
    let mut hook = None;
    if case.is_hooked() {
        hook = Some(add_hook(&steps));
    }

    let mut holder = Holder::new(case, &steps);
    assert_eq!(stats().live, books.live + 1);
    let on_timers = (case.finale == Finale::Timeout).then(|| timers.enter());
    for _ in 0..case.waits {
        assert!(holder.poll().is_pending());
    }
    match case.hooks {
        Hooks::Added => hook = Some(add_hook(&steps)),
        Hooks::Removed => assert!(hook.as_ref().unwrap().remove()),
        Hooks::None | Hooks::There => {}
    }
    drop(on_timers);
    if case.finale == Finale::Timeout {
        timers.block_on(tokio::time::advance(Duration::from_secs(4)));
    }

    let mut given = None;
    match case.finale {
        Finale::Dropped => drop(holder),
        Finale::DroppedInPanic => {
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                let _dropped = holder;
                panic_any("the thread's own");
            }));
            assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"the thread's own"));
        }
        _ => {
            let (outcome, left) = ending(catch_unwind(AssertUnwindSafe(|| holder.poll())));
            assert_eq!(outcome, case.outcome());
            given = Some(left);
            let known = (stats(), steps.lock().unwrap().len());
            assert!(catch_unwind(AssertUnwindSafe(|| holder.poll().is_ready())).is_err(), "polled after its end");
            drop(holder);
            assert_eq!((stats(), steps.lock().unwrap().len()), known, "it ended twice");
        }
    }

    assert!(current().is_none());
    assert_eq!(counted(books, stats()), [case.outcome()]);
    assert_eq!((stats().started, stats().live), (books.started + 1, books.live));
    assert_eq!(next_slot(), slot, "the slot was not freed");
    let own = case.other_reports();
    let at_once = if case.quiet { own } else { own + case.reports() };
    assert_eq!(RECORDS.load(SeqCst) - records, at_once);
    if let Some(given) = given {
        drop_payload(given);
    }
    assert_eq!(RECORDS.load(SeqCst) - records, own + case.reports());
    assert_eq!(EXITS.load(SeqCst), case.exits());
    assert_eq!(OPENED.load(SeqCst), CLOSED.load(SeqCst), "a span stays open");
    assert_eq!(ENTERED.load(SeqCst), LEFT.load(SeqCst), "a span stays entered");
    if let Some(hook) = hook {
        assert_eq!(hook.remove(), case.hooks != Hooks::Removed);
    }
    check(case, &steps.lock().unwrap());
    assert_eq!(Arc::strong_count(&steps), 1, "something was forgotten");
}

fn check(case: Case, steps: &[Step]) {
    let mut steps = steps.to_vec();
    let left = steps.extract_if(.., |step| *step == Step::LeftDropped).count();
    assert_eq!(
        left,
        usize::from(matches!(case.finale, Finale::Value | Finale::Error | Finale::Panic)),
        "of what it left"
    );
    let polls = if case.is_dropped() { case.waits } else { case.waits + 1 };
    let mut expected = vec![Step::Poll; polls];
    expected.push(Step::BodyDropped);
    if case.is_hooked() {
        expected.insert(0, Step::Before { started: case.starts() });
        expected.push(Step::After { started: case.starts(), outcome: case.outcome() });
    }
    assert_eq!(steps, expected);
}

#[test]
fn whatever_happens_to_it_a_routine_ends_once() {
    alone("task::tests::whatever_happens_to_it_a_routine_ends_once", || {
        std::panic::set_hook(Box::new(|_| ()));
        tracing::subscriber::set_global_default(Counting).unwrap();
        set_exit(Some(|code| {
            assert_eq!(code, 1);
            EXITS.fetch_add(1, SeqCst);
        }));
        let timers = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let cases = Case::all();
        for case in &cases {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| go_through(*case, &timers))) {
                let why = payload.downcast_ref::<String>().map_or("", String::as_str);
                eprintln!("{case:#?}: {why}");
                std::process::exit(1);
            }
        }
        assert!(cases.len() > 1_000);
        println!("{} cases", cases.len());
    });
}
