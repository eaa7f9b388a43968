//! A routine's life, in the parts that know no type: its birth at the spawn, a turn at each poll, and its end.
//!
//! The order at the end, with the routine still current: drop the user's future, contained; fix the outcome; report; run
//! the after-hooks; free the slot; restore what was current. Only then does the handle resolve. It may run on the thread
//! that polls, spawns, or drops the runtime, at a thread's end, and while unwinding.

use std::any::Any;
use std::borrow::Cow;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock;
use crate::current::{self, Entered};
use crate::error::Error;
use crate::exit;
use crate::hook::{self, Begin, End};
use crate::id::RoutineId;
use crate::outcome::{Failed, Outcome};
use crate::panic::{self, Panic};
use crate::policy::Policy;
use crate::registry::{self, Birth, Flags, Kind, Meta, Slot, State};
use crate::report::{self, Cause, Subject};
use crate::site;
use crate::span;
use crate::spawn;
use crate::start::{SpanMode, Start};
use crate::stats;
use crate::trace::Trace;

/// Routines whose spans are children of one another's, at most. A child's span keeps its parent's open, so a routine that
/// starts its successor for ever would keep all of them; beyond this a span begins a new tree and follows from the old.
const NESTED: u8 = 64;

/// What a spawn leaves in the handle. The trace lies in its parts and the depth in the origin's word: sixteen bytes less to
/// move about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Born {
    pub(crate) slot: &'static Slot,
    pub(crate) generation: u32,
    /// The origin, and above it the depth of the trace.
    origin: u32,
    root: [u64; 2],
    lineage: [u64; 3],
}

impl Born {
    const DEPTH_SHIFT: u32 = 28;

    pub(crate) const fn id(&self) -> u64 {
        self.lineage[0]
    }

    pub(crate) const fn origin(&self) -> u32 {
        self.origin & ((1 << Self::DEPTH_SHIFT) - 1)
    }

    pub(crate) const fn trace(&self) -> Trace {
        Trace::from_parts(root(self.root), self.lineage, (self.origin >> Self::DEPTH_SHIFT) as u8)
    }
}

const fn root([high, low]: [u64; 2]) -> u128 {
    (high as u128) << 64 | low as u128
}

/// Takes a slot and a number for a routine that is about to start. From here on it is counted, so the caller must bring
/// it to an end.
#[inline]
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn begin(start: Start) -> Born {
    panic::install();
    let slot = registry::take();
    let origin = start.origin();
    let id = stats::started();
    let mut flags = start.flags;
    let spawner = current::slot();
    let (trace_root, lineage, depth) = match spawner {
        Some(spawner) if !start.root => {
            let outer = spawner.lineage();
            if !spawner.meta().is_routine() && !spawner.meta().has(Flags::OWN_TRACE) {
                flags = flags.with(Flags::FOREIGN_PARENT);
            }
            (spawner.root(), [id, outer[0], outer[1]], Trace::deeper(spawner.meta().depth()))
        }
        _ => (Trace::fresh_root(), [id, 0, 0], 1),
    };
    if spawner.is_some_and(Slot::is_without_hooks) {
        flags = flags.with(Flags::NO_HOOKS);
    }
    let meta = Meta::new(Kind::Routine, start.policy, depth, flags);
    let time = if hook::current() == 0 { clock::coarse() } else { clock::now() };
    let generation = slot.fill(&Birth { meta, origin, root: trace_root, lineage, start: time, state: State::Spawned });
    let origin = origin | u32::from(depth) << Born::DEPTH_SHIFT;
    let born = Born { slot, generation, origin, root: [(trace_root >> 64) as u64, trace_root as u64], lineage };
    if start.extra.is_some() || start.root || flags.has(Flags::FOREIGN_PARENT) || span::wanted() {
        dress(born, start, spawner);
    }
    born
}

/// Gives a routine what only some have: options, a span, a spawner that its trace does not tell.
#[cold]
#[inline(never)]
fn dress(born: Born, start: Start, spawner: Option<&'static Slot>) {
    let slot = born.slot;
    let mut extra = start.extra.unwrap_or_default();
    let mut flags = Flags::NONE;
    let mut chain = 0;
    if start.root || slot.meta().has(Flags::FOREIGN_PARENT) {
        extra.parent = spawner.map_or(0, Slot::routine);
        flags = flags.with(Flags::FOREIGN_PARENT);
    }
    if start.span != SpanMode::Off && span::wanted() {
        let origin = site::origin(born.origin());
        let subject = Subject {
            id: RoutineId::from_raw(slot.segment()),
            parent: RoutineId::from_raw(if extra.parent == 0 { slot.parent() } else { extra.parent }),
            name: extra.name.clone().unwrap_or(Cow::Borrowed(origin.name)),
            trace: born.trace(),
            file: origin.file,
            line: origin.line,
            policy: start.policy,
            fields: extra.fields.clone(),
        };
        chain = spawner.map_or(0, |spawner| spawner.meta().chain() + 1);
        let mode = if chain > NESTED && start.span == SpanMode::Child { SpanMode::Follows } else { start.span };
        if mode == SpanMode::Follows {
            chain = 0;
        }
        extra.span = span::new(&subject, mode);
        if extra.span.is_some() {
            flags = flags.with(Flags::SPAN);
        }
    }
    slot.put_extra(extra, flags, chain);
}

/// Brings a routine to its end that tokio would not take: it is counted as rejected, and no hook sees it.
fn withdraw(slot: &'static Slot) {
    free(slot);
    stats::withdrawn();
}

/// What a routine is, for hooks, reports and errors.
pub(crate) fn subject(slot: &Slot) -> Subject {
    let origin = site::origin(slot.origin());
    let (name, fields) = if slot.meta().has(Flags::EXTRA) {
        slot.with_extra(|extra| (extra.name.clone(), extra.fields.clone()))
    } else {
        (None, Vec::new())
    };
    Subject {
        id: RoutineId::from_raw(slot.segment()),
        parent: RoutineId::from_raw(slot.parent()),
        name: name.unwrap_or(Cow::Borrowed(origin.name)),
        trace: slot.trace(),
        file: origin.file,
        line: origin.line,
        policy: slot.meta().policy(),
        fields,
    }
}

/// One turn of a routine on a thread: a poll, a blocking body, or its end without either.
#[derive(Debug)]
pub(crate) struct Turn {
    slot: &'static Slot,
    _entered: Entered,
}

impl Turn {
    /// Makes the routine current. At its first turn its before-hooks run.
    #[inline]
    pub(crate) fn enter(slot: &'static Slot) -> Self {
        let turn = Self { slot, _entered: Entered::new(Some(slot)) };
        if slot.meta().has(Flags::SPAN) {
            span::enter(slot);
        }
        if slot.state() == State::Spawned && hook::current() != 0 {
            turn.before(true);
        }
        slot.set_state(State::Running);
        turn
    }

    /// Makes a routine current that ends without having run: aborted, or dropped with its runtime or its caller.
    #[cold]
    fn enter_to_end(slot: &'static Slot) -> Self {
        let turn = Self { slot, _entered: Entered::new(Some(slot)) };
        if slot.meta().has(Flags::SPAN) {
            span::enter(slot);
        }
        if slot.state() == State::Spawned && hook::current() != 0 {
            turn.before(false);
        }
        turn
    }

    #[cold]
    #[inline(never)]
    fn before(&self, started: bool) {
        if self.slot.meta().has(Flags::NO_HOOKS) {
            return;
        }
        let subject = subject(self.slot);
        self.slot.set_state(State::InHook);
        self.slot.set_hooks(hook::before(&Begin::new(&subject, started)));
        // A routine that never started must not look as if it had, for its after-hooks.
        self.slot.set_state(if started { State::Running } else { State::Spawned });
    }

    /// Ends the turn of a routine that waits, unless its time has run out.
    #[inline]
    pub(crate) fn wait(self, cx: &mut Context<'_>) -> Result<(), (Self, Over)> {
        if self.slot.meta().has(Flags::TIMEOUT) {
            if let Some(over) = poll_timeout(self.slot, cx) {
                return Err((self, over));
            }
        }
        self.slot.set_state(State::Waiting);
        if self.slot.meta().has(Flags::SPAN) {
            span::leave(self.slot);
        }
        Ok(())
    }

    /// The routine returned, and not with an error.
    #[inline]
    pub(crate) fn completed(self) {
        if self.slot.hooks() != 0 || self.slot.meta().has(Flags::EXTRA) {
            self.finish(Outcome::Completed);
            return;
        }
        // Counted last: whoever sees no live routine any more finds none in the registry.
        self.slot.clear();
        stats::completed();
        registry::give(self.slot);
    }

    /// The routine returned an error: reported, unless the handle's holder is to have it.
    #[cold]
    pub(crate) fn failed(self, failed: Failed) -> Error {
        let error = Error::failed(subject(self.slot), failed);
        self.fail(error, Outcome::Failed)
    }

    /// The routine returned an error that somebody holds, who waits in place.
    #[cold]
    pub(crate) fn failed_in_place(self) {
        self.finish(Outcome::Failed);
    }

    /// The routine panicked, and what it left behind was dropped.
    #[cold]
    pub(crate) fn panicked(self, panic: Panic) -> Error {
        let error = Error::panicked(subject(self.slot), panic);
        self.fail(error, Outcome::Panicked)
    }

    /// The routine panicked with something that was reported before, by a routine inside it.
    #[cold]
    pub(crate) fn panicked_again(self, panic: Panic) -> Error {
        let error = Error::panicked(subject(self.slot), panic);
        if self.slot.meta().policy() == Policy::MustSuccess {
            return self.fail(error, Outcome::Panicked);
        }
        self.finish(Outcome::Panicked);
        error
    }

    #[cold]
    pub(crate) fn timed_out(self) -> Error {
        let after = self.slot.with_extra(|extra| extra.timeout.as_ref().map(|timeout| timeout.after));
        let error = Error::timed_out(subject(self.slot), after.unwrap_or(Duration::ZERO));
        self.fail(error, Outcome::TimedOut)
    }

    fn fail(mut self, mut error: Error, outcome: Outcome) -> Error {
        if self.slot.meta().policy() == Policy::MustSuccess {
            exit::must_success(|| error.report(), || self.after(outcome), || error.render());
            self.release(outcome);
            return error;
        }
        if self.slot.meta().has(Flags::QUIET) {
            error.report_when_dropped();
        } else {
            error.report();
        }
        self.finish(outcome);
        error
    }

    fn finish(mut self, outcome: Outcome) {
        self.after(outcome);
        self.release(outcome);
    }

    fn after(&mut self, outcome: Outcome) {
        let set = self.slot.hooks();
        if set == 0 {
            return;
        }
        let started = self.slot.state() != State::Spawned;
        let subject = subject(self.slot);
        let duration = Duration::from_nanos(clock::now().saturating_sub(self.slot.start()));
        self.slot.set_hooks(0);
        self.slot.set_state(State::InHook);
        hook::after(set, &End::new(&subject, started, outcome, duration));
    }

    fn release(self, outcome: Outcome) {
        if self.slot.meta().has(Flags::SPAN) {
            span::close(self.slot);
        }
        free(self.slot);
        stats::ended(outcome);
    }
}

/// Drops what is left of a routine that ends without having returned, and counts it as cancelled.
#[cold]
#[inline(never)]
pub(crate) fn abandon(slot: &'static Slot, drop_body: &mut dyn FnMut()) {
    if spawn::is_refused(slot) {
        panic::swallow(drop_body);
        withdraw(slot);
        return;
    }
    let turn = Turn::enter_to_end(slot);
    if let Err(payload) = panic::contain(drop_body) {
        report_drop(slot, payload);
    }
    turn.finish(Outcome::Cancelled);
}

/// Reports a panic of what a routine left behind, where that does not decide how it ended.
#[cold]
pub(crate) fn report_drop(slot: &'static Slot, payload: Box<dyn Any + Send>) {
    let panic = panic::take(payload, slot.segment());
    report::report(&subject(slot), &Cause::DropPanic(&panic));
}

fn free(slot: &'static Slot) {
    let extra = slot.meta().has(Flags::EXTRA).then(|| slot.take_extra()).flatten();
    slot.clear();
    registry::give(slot);
    panic::swallow(|| drop(extra));
}

/// Why a routine that waits is to end all the same.
pub(crate) enum Over {
    TimedOut,
    /// There is no timer: tokio panics where its timers are not enabled.
    Panicked(Box<dyn Any + Send>),
}

/// Whether the time of a routine has run out. The timer is made by the first poll, since it needs a runtime's clock.
#[cold]
#[inline(never)]
fn poll_timeout(slot: &'static Slot, cx: &mut Context<'_>) -> Option<Over> {
    let mut timeout = slot.with_extra(|extra| extra.timeout.take())?;
    let after = timeout.after;
    let polled = panic::contain(|| {
        let sleep = timeout.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(after)));
        sleep.as_mut().poll(cx)
    });
    slot.with_extra(|extra| extra.timeout = Some(timeout));
    match polled {
        Ok(Poll::Pending) => None,
        Ok(Poll::Ready(())) => Some(Over::TimedOut),
        Err(payload) => Some(Over::Panicked(payload)),
    }
}
