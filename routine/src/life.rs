//! A routine's life after its birth, in the parts that know no type: a turn at each poll, and its end.
//!
//! The order at the end, with the routine still current: drop the user's future, contained; fix the outcome; report; run
//! the after-hooks; free the slot; restore what was current. Only then does the handle resolve. It may run on the thread
//! that polls, spawns, or drops the runtime, at a thread's end, and while unwinding.

use std::any::Any;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use crate::cancel::{self, CancelReason};
use crate::clock;
use crate::current::Entered;
use crate::error::{Error, Refusal};
use crate::exit::{self, Exit};
use crate::group::{Shared, member};
use crate::hook::{self, Begin, End};
use crate::launch;
use crate::outcome::{Failed, Outcome};
use crate::panic::{self, Panic};
use crate::policy::Policy;
use crate::registry::{Cold, Flags, Heritage, Slot, State};
use crate::report::{self, Cause};
use crate::shutdown;
use crate::span;
use crate::stats::Count;
use crate::thread;
use crate::timeout;

/// Brings a routine to its end that tokio would not take: it is counted as rejected, and no hook sees it.
#[cold]
pub(crate) fn withdraw(slot: &'static Slot) {
    free(slot, Count::Withdrawn);
}

/// Takes a routine back that has left no mark anywhere, and whose body goes to whoever gave it: there was none.
#[cold]
pub(crate) fn take_back(slot: &'static Slot) {
    free(slot, Count::TakenBack);
}

/// Ends a routine that is refused, since the process is shutting down: it is counted as rejected, and no hook sees it. Whoever
/// drops the error unasked has it reported.
#[cold]
pub(crate) fn turn_away(slot: &'static Slot, drop_rest: &mut dyn FnMut()) -> Error {
    let _entered = Entered::new(Some(slot));
    drop_body(slot, drop_rest);
    let error = Error::rejected(report::subject(slot), Refusal::ShuttingDown);
    error.report_when_dropped();
    if slot.meta().has(Flags::SPAN) {
        span::close(slot);
    }
    withdraw(slot);
    error
}

/// One turn of a routine on a thread: a poll, a blocking body, or its end without either.
#[derive(Debug)]
pub(crate) struct Turn {
    slot: &'static Slot,
    _entered: Entered,
}

impl Turn {
    pub(crate) const fn slot(&self) -> &'static Slot {
        self.slot
    }

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
        if hook::notices() != 0 {
            heed(self.slot);
        }
        self.slot.set_state(State::Running);
    }

    /// Makes a routine current that ends without having run: aborted, or dropped with its runtime or its caller.
    #[cold]
    pub(crate) fn enter_to_end(slot: &'static Slot) -> Self {
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
        const ASKED: Flags = Flags::TIMEOUT.with(Flags::SPAN).with(Flags::GROUPED).with(Flags::WAKER);
        if self.slot.meta().among(ASKED) == Flags::WAKER && !shutdown::ends_some() {
            self.slot.set_state(State::Waiting);
            return Ok(());
        }
        self.wait_dressed(cx)
    }

    #[cold]
    #[inline(never)]
    fn wait_dressed(self, cx: &mut Context<'_>) -> Result<(), (Self, Over)> {
        if self.slot.meta().has(Flags::TIMEOUT) {
            if let Some(over) = timeout::poll(self.slot, cx) {
                return Err((self, over));
            }
        }
        if self.slot.meta().has(Flags::GROUPED) && !member::park(self.slot, cx) {
            return Err((self, Over::Killed));
        }
        // The waker first: whoever ends the routines says so before it looks for their wakers.
        if !self.slot.meta().has(Flags::WAKER.with(Flags::IN_PLACE)) {
            self.slot.keep_waker(cx.waker());
        }
        if shutdown::ends(self.slot) {
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
        if self.slot.meta().has(Flags::HOOKED.with(Flags::COLD).with(Flags::WAKER)) {
            self.finish(Outcome::Completed);
        } else {
            thread::give_completed(self.slot);
        }
    }

    /// The end of the process, if that is what a failure of the routine means. To be begun as soon as it has failed, before
    /// anything of it is dropped or told, and handed to whichever end it comes to.
    #[cold]
    pub(crate) fn begin_exit(&self) -> Option<Exit> {
        (self.slot.meta().policy() == Policy::MustSuccess).then(|| {
            let graceful = self.slot.with_cold(|cold| cold.extra()?.graceful).flatten();
            exit::begin(graceful)
        })
    }

    /// The routine returned an error: reported, unless the handle's holder is to have it.
    #[cold]
    pub(crate) fn failed(self, failed: Failed, exit: Option<Exit>) -> Error {
        let error = Error::failed(report::subject(self.slot), failed);
        self.fail(error, Outcome::Failed, exit)
    }

    /// Makes the record of an error that the routine returned, where another failure decides how it ended.
    #[cold]
    pub(crate) fn report_besides(&self, failed: Failed) {
        Error::failed(report::subject(self.slot), failed).report();
    }

    /// The routine returned an error that somebody holds, who waits in place.
    #[cold]
    pub(crate) fn failed_in_place(self) {
        self.finish(Outcome::Failed);
    }

    /// The routine panicked, and what it left behind was dropped.
    #[cold]
    pub(crate) fn panicked(self, panic: Panic, exit: Option<Exit>) -> Error {
        let error = Error::panicked(report::subject(self.slot), panic);
        self.fail(error, Outcome::Panicked, exit)
    }

    /// The routine panicked with something that was reported before, by a routine inside it.
    #[cold]
    pub(crate) fn panicked_again(mut self, panic: Panic, exit: Option<Exit>) -> Error {
        let error = Error::panicked(report::subject(self.slot), panic);
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
        Error::timed_out(report::subject(self.slot), Some(after.unwrap_or(Duration::ZERO)))
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

    /// Ends a routine that did not stop though the process is shutting down.
    pub(crate) fn cut_by_shutdown(self) -> Error {
        let error = Error::cancelled(report::subject(self.slot), Some(CancelReason::Shutdown));
        if let Some(group) = cancel::group(self.slot) {
            group.cut(&error);
        }
        self.finish(Outcome::Cancelled);
        error
    }

    /// Ends a member of a group that is over.
    pub(crate) fn cut(self, group: &Shared) -> Error {
        let error = Error::ended_by_group(report::subject(self.slot), group.reason());
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
        let subject = report::subject(self.slot);
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

/// Does what there is to do at a turn because of hooks, or of the end of the process.
#[cold]
#[inline(never)]
fn heed(slot: &'static Slot) {
    let notices = hook::notices();
    if notices & hook::SHUTDOWN != 0 {
        // From here on what it starts asks first.
        slot.add(Flags::HEIRS);
    }
    if notices & hook::HOOKS_ADDED != 0 && slot.state() == State::Spawned {
        before(slot, true);
    }
}

#[cold]
#[inline(never)]
fn before(slot: &'static Slot, started: bool) {
    if slot.meta().has(Flags::NO_HOOKS) {
        return;
    }
    let subject = report::subject(slot);
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
    if slot.state() == State::Refused {
        drop(turn_away(slot, drop_rest));
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
        report::report(&report::subject(slot), &Cause::DropPanic(&panic));
    }
}

/// Takes a routine out of the registry, counts it, and tells its group.
fn free(slot: &'static Slot, count: Count) {
    let meta = slot.meta();
    let id = slot.segment();
    let (mut group, mut member, mut keeps_phase) = (None, None, false);
    // While the slot is the routine's own: what is dropped may be a user's, and sees the routine as the current one. It may put
    // something there anew, which would be the next owner's.
    while let Some(cold) = slot.take_cold() {
        if let Cold::Member { heritage: None, .. } = &*cold {
            // Nothing but the group, which is needed to the last.
            member = Some(cold);
            continue;
        }
        // What that starts asks whether the process is shutting down, and is in its phase, both of which are taken out here.
        slot.remove(Flags::ON_RUNTIME);
        let phase = cold.phase();
        if phase != 0 && !keeps_phase {
            keeps_phase = true;
            slot.put_cold(Arc::new(Cold::Heritage(Heritage::in_phase(None, phase))), Flags::NONE, 0);
        }
        group = group.or_else(|| cold.group().cloned());
        panic::swallow(|| drop(cold));
    }
    if meta.has(Flags::WAKER) {
        drop(slot.take_waker());
    }
    slot.clear();
    thread::give(slot);
    thread::count(count);
    // Last: whoever waits for the group finds the books balanced and nothing of the member in the registry.
    if let Some(group) = group.as_ref().or_else(|| member.as_deref()?.group()) {
        group.ended(id, meta);
    }
}

/// Why a routine that waits is to end all the same.
pub(crate) enum Over {
    TimedOut,
    /// Its group is over, or its process.
    Killed,
    /// There is no timer: tokio panics where its timers are not enabled.
    Panicked(Box<dyn Any + Send>),
}
