//! A routine's life, in the parts that know no type: its birth at the spawn, a turn at each poll, and its end.
//!
//! The order at the end, with the routine still current: drop the user's future, contained; fix the outcome; report; run
//! the after-hooks; free the slot; restore what was current. Only then does the handle resolve. It may run on the thread
//! that polls, spawns, or drops the runtime, at a thread's end, and while unwinding.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::cancel;
use crate::clock;
use crate::current::{self, Entered};
use crate::error::Error;
use crate::exit::{self, Exit};
use crate::group::{Gate, Shared};
use crate::hook::{self, Begin, End};
use crate::id::RoutineId;
use crate::launch;
use crate::outcome::{Failed, Outcome};
use crate::panic::{self, Panic};
use crate::policy::Policy;
use crate::registry::{Birth, Cold, Extra, Flags, Heritage, Kind, Meta, Slot, State};
use crate::report::{self, Cause, Subject};
use crate::site;
use crate::span;
use crate::start::{SpanMode, Start};
use crate::stats::Count;
use crate::thread;
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
    /// The origin, and the depth of the trace in the four highest bits.
    origin: u32,
    root: [u64; 2],
    lineage: [u64; 3],
}

impl Born {
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    fn new(slot: &'static Slot, birth: Birth) -> Self {
        let Birth { meta, origin, root, lineage, .. } = birth;
        let generation = slot.fill(&birth);
        Self { slot, generation, origin: origin | meta.high_depth(), root: [(root >> 64) as u64, root as u64], lineage }
    }

    /// Of a slot that was filled before.
    #[allow(clippy::cast_possible_truncation)]
    fn of(slot: &'static Slot) -> Self {
        let root = slot.root();
        Self {
            slot,
            generation: slot.generation(),
            origin: slot.origin() | slot.meta().high_depth(),
            root: [(root >> 64) as u64, root as u64],
            lineage: slot.lineage(),
        }
    }

    pub(crate) const fn id(&self) -> u64 {
        self.lineage[0]
    }

    pub(crate) const fn origin(&self) -> u32 {
        self.origin & (u32::MAX >> 4)
    }

    pub(crate) const fn trace(&self) -> Trace {
        let [high, low] = self.root;
        Trace::from_parts((high as u128) << 64 | low as u128, self.lineage, Meta::depth_of(self.origin >> 28))
    }
}

/// Takes a slot and a number for a routine that is about to start. From here on it is counted, so the caller must bring it to
/// an end.
///
/// A `Start` is handed on word by word: one whose address is taken would be written to the stack by every start.
#[inline]
pub(crate) fn begin(mut start: Start, spawner: Option<&'static Slot>) -> Born {
    let origin = start.origin();
    Born::of(begin_dressed(origin, start.policy, start.flags, start.span, start.own.take(), None, spawner))
}

/// [`begin`] for a member of a group, with what it shares with the others.
pub(crate) fn begin_member(mut start: Start, member: Arc<Cold>) -> Born {
    let origin = start.origin();
    let spawner = current::slot();
    Born::of(begin_dressed(origin, start.policy, start.flags, start.span, start.own.take(), Some(member), spawner))
}

/// [`begin`] for what most starts are: a child of a routine, without options.
#[inline]
pub(crate) fn begin_plain(start: &Start, spawner: &'static Slot) -> Born {
    let origin = start.origin();
    // Before the slot, so that what is known of it need not be kept anywhere meanwhile.
    let time = current::time_of_turn();
    let (slot, id) = thread::take_for_routine();
    let [parent, grandparent] = spawner.lineage_for_child();
    Born::new(
        slot,
        Birth {
            meta: spawner.meta().child(start.policy, start.flags),
            origin,
            root: spawner.root(),
            lineage: [id, parent, grandparent],
            start: time,
            state: State::Spawned,
        },
    )
}

/// Whether [`begin_plain`] will do, for the child of a routine that hands nothing on.
#[inline]
pub(crate) fn is_plain(start: &Start) -> bool {
    start.own.is_nothing() && !start.flags.has(Flags::ROOT) && !span::wanted(start.span)
}

#[cold]
#[inline(never)]
fn begin_dressed(
    origin: u32,
    policy: Policy,
    flags: Flags,
    span: SpanMode,
    extra: Option<Arc<Cold>>,
    base: Option<Arc<Cold>>,
    spawner: Option<&'static Slot>,
) -> &'static Slot {
    let time = now();
    let (slot, id) = thread::take_for_routine();
    let (trace_root, lineage, meta) = match spawner {
        Some(spawner) if !flags.has(Flags::ROOT) => {
            let [parent, grandparent] = spawner.lineage_for_child();
            (spawner.root(), [id, parent, grandparent], spawner.meta().child(policy, flags))
        }
        Some(spawner) => (Trace::fresh_root(), [id, 0, 0], spawner.meta().root(policy, flags)),
        None => (Trace::fresh_root(), [id, 0, 0], Meta::new(Kind::Routine, policy, 1, flags)),
    };
    slot.fill(&Birth { meta, origin, root: trace_root, lineage, start: time, state: State::Spawned });
    let base = base.or_else(|| spawner.and_then(Slot::heritage));
    if extra.is_some() || meta.has(Flags::SET_TRACE.with(Flags::ROOT)) || span::wanted(span) {
        dress(slot, extra, base, span, spawner);
    } else if let Some(base) = base {
        slot.put_cold(base, Flags::NONE, 0);
    }
    if let Some(group) = cancel::group(slot) {
        if !group.enter(id) {
            slot.add(Flags::QUEUED);
        }
    }
    slot
}

/// The time of a start. Hooks are told how long a routine took, and are worth an exact clock.
#[inline]
fn now() -> u64 {
    if hook::current() == 0 { clock::coarse() } else { clock::now() }
}

/// Gives a routine what only some have: options, a span, a spawner that its trace does not tell.
fn dress(
    slot: &'static Slot,
    extra: Option<Arc<Cold>>,
    base: Option<Arc<Cold>>,
    span: SpanMode,
    spawner: Option<&'static Slot>,
) {
    let mut cold = extra;
    Cold::set_base(&mut cold, base);
    let mut flags = Flags::NONE;
    let mut chain = 0;
    if slot.meta().has(Flags::SET_TRACE.with(Flags::ROOT)) {
        slot.remove(Flags::SET_TRACE);
        Cold::extra_in(&mut cold).parent = spawner.map_or(0, Slot::routine);
        flags = flags.with(Flags::FOREIGN_PARENT);
    }
    if span::wanted(span) {
        let extra = cold.as_deref().and_then(Cold::extra);
        let parent = extra.map(|extra| extra.parent).filter(|parent| *parent != 0).unwrap_or_else(|| slot.parent());
        let name = extra.and_then(|extra| extra.name.clone());
        let subject = describe(slot, parent, name, fields(extra, cold.as_deref()));
        chain = spawner.map_or(0, |spawner| spawner.meta().chain() + 1);
        let mode = if chain > NESTED && span == SpanMode::Child { SpanMode::Follows } else { span };
        if mode == SpanMode::Follows {
            chain = 0;
        }
        let span = span::new(&subject, mode);
        if span.is_some() {
            flags = flags.with(Flags::SPAN);
        }
        Cold::extra_in(&mut cold).span = span;
    }
    if let Some(cold) = cold {
        slot.put_cold(cold, flags, chain);
    }
}

/// Brings a routine to its end that tokio would not take: it is counted as rejected, and no hook sees it.
#[cold]
pub(crate) fn withdraw(slot: &'static Slot) {
    free(slot, Count::Withdrawn);
}

/// What a routine is, for hooks, reports and errors.
pub(crate) fn subject(slot: &Slot) -> Subject {
    let told =
        slot.with_cold(|cold| (cold.extra().and_then(|extra| extra.name.clone()), fields(cold.extra(), Some(cold))));
    let (name, fields) = told.unwrap_or_default();
    describe(slot, slot.parent(), name, fields)
}

/// The fields of a routine's own, and then the values that it inherited and that are to be seen.
pub(crate) fn fields(extra: Option<&Extra>, cold: Option<&Cold>) -> Vec<(&'static str, String)> {
    let mut fields = extra.map(|extra| extra.fields.clone()).unwrap_or_default();
    fields.extend(cold.and_then(Cold::heritage).into_iter().flat_map(Heritage::shown));
    fields
}

fn describe(slot: &Slot, parent: u64, name: Option<Cow<'static, str>>, fields: Vec<(&'static str, String)>) -> Subject {
    let origin = site::origin(slot.origin());
    Subject {
        id: RoutineId::from_raw(slot.segment()),
        parent: RoutineId::from_raw(parent),
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
        if slot.meta().has(Flags::SPAN) {
            return Self::enter_dressed(slot);
        }
        Self::enter_plain(slot)
    }

    /// [`enter`](Self::enter) for a routine without a span.
    #[inline]
    pub(crate) fn enter_plain(slot: &'static Slot) -> Self {
        let turn = Self { slot, _entered: Entered::new(Some(slot)) };
        turn.run();
        turn
    }

    #[cold]
    #[inline(never)]
    fn enter_dressed(slot: &'static Slot) -> Self {
        let turn = Self { slot, _entered: Entered::new(Some(slot)) };
        span::enter(slot);
        turn.run();
        turn
    }

    #[inline]
    fn run(&self) {
        // In this order, since there are more routines that are polled once than hooks.
        if hook::current() != 0 && self.slot.state() == State::Spawned {
            before(self.slot, true);
        }
        self.slot.set_state(State::Running);
    }

    /// Makes a routine current that ends without having run: aborted, or dropped with its runtime or its caller.
    #[cold]
    fn enter_to_end(slot: &'static Slot) -> Self {
        slot.remove(Flags::ON_RUNTIME);
        let turn = Self { slot, _entered: Entered::new(Some(slot)) };
        if slot.meta().has(Flags::SPAN) {
            span::enter(slot);
        }
        if slot.state() == State::Spawned && hook::current() != 0 {
            before(slot, false);
        }
        turn
    }

    /// Ends the turn of a routine that waits, unless its time has run out.
    #[inline]
    pub(crate) fn wait(self, cx: &mut Context<'_>) -> Result<(), (Self, Over)> {
        if !self.slot.meta().has(Flags::TIMEOUT.with(Flags::SPAN).with(Flags::GROUPED)) {
            self.slot.set_state(State::Waiting);
            return Ok(());
        }
        self.wait_dressed(cx)
    }

    #[cold]
    #[inline(never)]
    fn wait_dressed(self, cx: &mut Context<'_>) -> Result<(), (Self, Over)> {
        if self.slot.meta().has(Flags::TIMEOUT) {
            if let Some(over) = poll_timeout(self.slot, cx) {
                return Err((self, over));
            }
        }
        if self.slot.meta().has(Flags::GROUPED) && !park(self.slot, cx) {
            return Err((self, Over::Killed));
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
        if self.slot.meta().has(Flags::HOOKED.with(Flags::COLD)) {
            self.finish(Outcome::Completed);
        } else {
            thread::give_completed(self.slot);
        }
    }

    /// The end of the process, if that is what a failure of the routine means. To be begun as soon as it has failed, before
    /// anything of it is dropped or told, and handed to whichever end it comes to.
    #[cold]
    pub(crate) fn begin_exit(&self) -> Option<Exit> {
        (self.slot.meta().policy() == Policy::MustSuccess).then(exit::begin)
    }

    /// The routine returned an error: reported, unless the handle's holder is to have it.
    #[cold]
    pub(crate) fn failed(self, failed: Failed, exit: Option<Exit>) -> Error {
        let error = Error::failed(subject(self.slot), failed);
        self.fail(error, Outcome::Failed, exit)
    }

    /// Makes the record of an error that the routine returned, where another failure decides how it ended.
    #[cold]
    pub(crate) fn report_besides(&self, failed: Failed) {
        Error::failed(subject(self.slot), failed).report();
    }

    /// The routine returned an error that somebody holds, who waits in place.
    #[cold]
    pub(crate) fn failed_in_place(self) {
        self.finish(Outcome::Failed);
    }

    /// The routine panicked, and what it left behind was dropped.
    #[cold]
    pub(crate) fn panicked(self, panic: Panic, exit: Option<Exit>) -> Error {
        let error = Error::panicked(subject(self.slot), panic);
        self.fail(error, Outcome::Panicked, exit)
    }

    /// The routine panicked with something that was reported before, by a routine inside it.
    #[cold]
    pub(crate) fn panicked_again(mut self, panic: Panic, exit: Option<Exit>) -> Error {
        let error = Error::panicked(subject(self.slot), panic);
        if let Some(exit) = exit {
            exit.finish(|| (), || self.after(Outcome::Panicked), || error.render());
            self.release(Outcome::Panicked);
        } else {
            self.finish(Outcome::Panicked);
        }
        error
    }

    #[cold]
    pub(crate) fn timed_out(self, exit: Option<Exit>) -> Error {
        let error = self.timeout();
        self.fail(error, Outcome::TimedOut, exit)
    }

    /// The time of a routine in place ran out, which its caller is told by what it returns.
    #[cold]
    pub(crate) fn timed_out_in_place(self) -> Error {
        let error = self.timeout();
        self.finish(Outcome::TimedOut);
        error
    }

    fn timeout(&self) -> Error {
        let after = self.slot.with_extra(|extra| extra.timeout.as_ref().map(|timeout| timeout.after));
        Error::timed_out(subject(self.slot), Some(after.unwrap_or(Duration::ZERO)))
    }

    fn fail(mut self, error: Error, outcome: Outcome, exit: Option<Exit>) -> Error {
        if let Some(exit) = exit {
            exit.finish(|| error.report(), || self.after(outcome), || error.render());
            self.release(outcome);
            return error;
        }
        let group = cancel::group(self.slot);
        if self.slot.meta().has(Flags::QUIET) || group.is_some() {
            error.report_when_dropped();
        } else {
            error.report();
        }
        self.after(outcome);
        if let Some(group) = group {
            // Reported by whoever drops it, where the group keeps no more.
            group.failed(&error);
        }
        self.release(outcome);
        error
    }

    /// Ends a member of a group that is over.
    fn cut(self, group: &Shared) -> Error {
        let error = Error::ended_by_group(subject(self.slot), group.reason());
        if error.is_timeout() {
            return self.fail(error, Outcome::TimedOut, None);
        }
        self.finish(Outcome::Cancelled);
        error
    }

    fn finish(mut self, outcome: Outcome) {
        self.after(outcome);
        self.release(outcome);
    }

    fn after(&mut self, outcome: Outcome) {
        if !self.slot.meta().has(Flags::HOOKED) {
            return;
        }
        let started = self.slot.state() != State::Spawned;
        let subject = subject(self.slot);
        let duration = Duration::from_nanos(clock::now().saturating_sub(self.slot.start()));
        let set = self.slot.hooks();
        self.slot.remove(Flags::HOOKED);
        self.slot.set_state(State::InHook);
        self.slot.add(Flags::NO_HOOKS);
        hook::after(set, &End::new(&subject, started, outcome, duration));
    }

    fn release(self, outcome: Outcome) {
        if self.slot.meta().has(Flags::SPAN) {
            span::close(self.slot);
        }
        free(self.slot, Count::Ended(outcome));
    }
}

#[cold]
#[inline(never)]
fn before(slot: &'static Slot, started: bool) {
    if slot.meta().has(Flags::NO_HOOKS) {
        return;
    }
    let subject = subject(slot);
    slot.set_state(State::InHook);
    // What starts in a hook runs without hooks, so that a hook that starts a routine never leads to another run of itself.
    slot.add(Flags::NO_HOOKS);
    let set = hook::before(&Begin::new(&subject, started));
    slot.remove(Flags::NO_HOOKS);
    if set != 0 {
        slot.set_hooks(set);
    }
    // A routine that never started must not look as if it had, for its after-hooks.
    slot.set_state(if started { State::Running } else { State::Spawned });
}

/// Drops what is left of a routine that ends without having returned, and counts it as cancelled.
#[cold]
#[inline(never)]
pub(crate) fn abandon(slot: &'static Slot, drop_rest: &mut dyn FnMut()) {
    if launch::is_dropped_at_launch(slot) {
        let _entered = Entered::new(Some(slot));
        drop_body(slot, drop_rest);
        return;
    }
    let turn = Turn::enter_to_end(slot);
    drop_body(slot, drop_rest);
    turn.finish(Outcome::Cancelled);
}

/// Ends a routine whose body tokio dropped before it said whether it would take it.
#[cold]
pub(crate) fn cancel_unstarted(slot: &'static Slot) {
    Turn::enter_to_end(slot).finish(Outcome::Cancelled);
}

/// Drops what a routine left behind. A panic of that, where it does not decide how the routine ended, is a report of its
/// own.
#[cold]
#[inline(never)]
pub(crate) fn drop_body(slot: &'static Slot, drop_rest: &mut dyn FnMut()) {
    if let Err(payload) = panic::contain(drop_rest) {
        let panic = panic::take(payload, slot.segment());
        report::report(&subject(slot), &Cause::DropPanic(&panic));
    }
}

/// Takes a routine out of the registry, counts it, and tells its group.
fn free(slot: &'static Slot, count: Count) {
    let meta = slot.meta();
    let member = meta.has(Flags::GROUPED).then(|| (cancel::group(slot), slot.segment()));
    // While the slot is the routine's own: what is dropped may be a user's, and sees the routine as the current one. It may put
    // something there anew, which would be the next owner's.
    while let Some(cold) = slot.take_cold() {
        panic::swallow(|| drop(cold));
    }
    slot.clear();
    thread::give(slot);
    thread::count(count);
    // Last: whoever waits for the group finds the books balanced and nothing of the member in the registry.
    if let Some((Some(group), id)) = member {
        group.ended(id, meta.has(Flags::PARKED), meta.has(Flags::QUEUED));
    }
}

/// The turn of a routine that may have a span, and may be a member of a group that has no room for it, or is over.
#[cold]
#[inline(never)]
pub(crate) fn admit(slot: &'static Slot, cx: &Context<'_>) -> Result<Turn, Gate> {
    match gate(slot, cx) {
        Gate::Open => Ok(Turn::enter(slot)),
        closed => Err(closed),
    }
}

/// Whether a member of a group may take its turn now.
pub(crate) fn gate(slot: &'static Slot, cx: &Context<'_>) -> Gate {
    let Some(group) = cancel::group(slot) else { return Gate::Open };
    if !slot.meta().has(Flags::QUEUED) {
        return if group.is_killed() { Gate::Killed } else { Gate::Open };
    }
    let gate = group.gate(slot.segment(), cx);
    if matches!(gate, Gate::Open) {
        slot.remove(Flags::QUEUED);
    }
    gate
}

/// Whether the group of a member is over.
#[cold]
pub(crate) fn is_killed(slot: &'static Slot) -> bool {
    cancel::group(slot).is_some_and(|group| group.is_killed())
}

/// Leaves the waker of a member that waits with its group, at its first wait: tokio wakes a task by one waker all its life.
/// `false` where the group is over.
#[cold]
#[inline(never)]
fn park(slot: &'static Slot, cx: &Context<'_>) -> bool {
    let Some(group) = cancel::group(slot) else { return true };
    if slot.meta().has(Flags::PARKED) {
        return !group.is_killed();
    }
    let parked = group.park(slot.segment(), cx.waker());
    if parked {
        slot.add(Flags::PARKED);
    }
    parked
}

/// Ends a member of a group that is over, dropping what is left of it.
#[cold]
#[inline(never)]
pub(crate) fn kill(slot: &'static Slot, drop_rest: &mut dyn FnMut()) -> Error {
    let turn = Turn::enter_to_end(slot);
    end_killed(turn, drop_rest)
}

pub(crate) fn end_killed(turn: Turn, drop_rest: &mut dyn FnMut()) -> Error {
    let slot = turn.slot;
    drop_body(slot, drop_rest);
    match cancel::group(slot) {
        Some(group) => turn.cut(&group),
        None => unreachable!("only a group kills"),
    }
}

/// Why a routine that waits is to end all the same.
pub(crate) enum Over {
    TimedOut,
    /// Its group is over.
    Killed,
    /// There is no timer: tokio panics where its timers are not enabled.
    Panicked(Box<dyn Any + Send>),
}

/// Whether the time of a routine has run out. The timer is made by the first poll, since it needs a runtime's clock.
#[cold]
#[inline(never)]
fn poll_timeout(slot: &'static Slot, cx: &mut Context<'_>) -> Option<Over> {
    let mut timeout = slot.with_extra(|extra| extra.timeout.take())?;
    let left = cancel::deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
    if let (None, Some(left)) = (&timeout.sleep, left) {
        timeout.after = timeout.after.min(left);
    }
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
