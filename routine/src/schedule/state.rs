//! What a schedule knows, under its one lock: its plan, the runs that are owed, and those that are going on.
//!
//! # Invariants
//! - `runs` is the number of the run that began last. A run is in `running` from the moment its number is given out until it has
//!   ended, so whoever sees no run there once the schedule is over will never see one.
//! - The closure is one, and `is_out` from the moment a run is given out until that run has called it. So runs begin one by one.
//! - A run that is owed or asked for has been admitted: it will begin, unless the schedule ends before.
//! - No code of a user runs under the lock: what is woken, aborted or dropped is handed out.

use std::mem;
use std::task::Waker;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::options::{Missed, Overlap};
use super::stats::{LastRun, ScheduleStats};
use super::timetable::{Now, Passed, Timetable};
use crate::outcome::Outcome;
use crate::registry::Slot;

/// What is late by less is not late: timers count in milliseconds, and threads have other things to do.
const ON_TIME: std::time::Duration = std::time::Duration::from_millis(10);

/// A run that is going on.
pub(super) struct Running {
    pub(super) number: u64,
    since: Instant,
    /// The plan's, and not asked for by hand.
    of_plan: bool,
    /// The slot and the number of its routine, once there is one.
    pub(super) routine: Option<(&'static Slot, u64)>,
    /// Its task, and which that is, once it has been polled.
    pub(super) task: Option<AbortHandle>,
    pub(super) task_id: Option<tokio::task::Id>,
    /// Was asked to stop, or is to be aborted, maybe before there was anything to ask or abort.
    pub(super) is_asked: bool,
    pub(super) is_aborted: bool,
}

impl Running {
    /// Marks the run as aborted, and hands out what aborts it.
    pub(super) fn abort(&mut self) -> Option<AbortHandle> {
        self.is_aborted = true;
        self.task.clone()
    }

    pub(super) fn is_task(&self, task: Option<tokio::task::Id>) -> bool {
        task.is_some() && self.task_id == task
    }
}

/// What is to be done next.
#[derive(Default)]
pub(super) struct Step {
    /// A run is to begin, under that number.
    pub(super) start: Option<u64>,
    pub(super) aborts: Vec<AbortHandle>,
    /// When there is something to do again, if nothing happens before.
    pub(super) at: Option<Instant>,
    pub(super) is_over: bool,
}

/// Whether runs of the plan begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    On,
    Paused,
    /// On, and the instants that passed during a pause are to be left out.
    Resumed,
    /// No run begins any more.
    Over,
}

pub(super) struct State {
    timetable: Timetable,
    overlap: Overlap,
    missed: Missed,
    /// Runs of the plan that are left.
    times: Option<u64>,
    phase: Phase,
    is_out: bool,
    /// Runs of the plan, and runs asked for by hand, that are to begin.
    owed: u64,
    asked: u64,
    runs: u64,
    pub(super) running: Vec<Running>,
    stats: ScheduleStats,
    last: Option<LastRun>,
    driver: Option<Waker>,
}

impl State {
    pub(super) fn new(timetable: Timetable, overlap: Overlap, missed: Missed, times: Option<u64>) -> Self {
        Self {
            timetable,
            overlap,
            missed,
            times,
            phase: Phase::On,
            is_out: false,
            owed: 0,
            asked: 0,
            runs: 0,
            running: Vec::new(),
            stats: ScheduleStats::default(),
            last: None,
            driver: None,
        }
    }

    /// Goes on to now, and says what is to be done.
    pub(super) fn step(&mut self, now: &Now) -> Step {
        let mut step = Step::default();
        if self.phase == Phase::Resumed {
            self.phase = Phase::On;
            self.timetable.leave_out(now);
        }
        if self.phase == Phase::On && self.times != Some(0) && !self.timetable.has_ended(now) {
            if let Some(passed) = self.timetable.pass(now, self.kept()) {
                self.pass(now, passed, &mut step.aborts);
            }
        }
        if self.timetable.has_ended(now) || (self.is_done() && self.owed == 0 && self.asked == 0) {
            self.end();
        }
        step.is_over = self.phase == Phase::Over;
        if !step.is_over {
            step.start = self.begin(now.now);
            step.at = self.next(now);
        }
        step
    }

    /// A run is owed at once, before the plan's first instant.
    pub(super) fn owe(&mut self) {
        self.owed = 1;
        self.times = self.times.map(|times| times - 1);
    }

    /// How many of the instants that have passed unseen are made up for.
    const fn kept(&self) -> u64 {
        match self.missed {
            Missed::All(most) => most as u64,
            Missed::CatchUp | Missed::Skip => 1,
        }
    }

    fn pass(&mut self, now: &Now, passed: Passed, aborts: &mut Vec<AbortHandle>) {
        let made = match self.missed {
            Missed::Skip if passed.count > 1 && passed.late > ON_TIME => 0,
            _ => passed.count.min(self.kept()),
        };
        self.stats.missed += passed.count - made;
        let made = made.min(self.times.unwrap_or(u64::MAX));
        if made > 1 {
            self.owed = self.owed.saturating_add(made);
            self.times = self.times.map(|times| times - made);
        } else if made == 1 && !self.admit(true, aborts) {
            self.timetable.rest(now.now);
        }
    }

    /// Takes a run in, or leaves it out.
    fn admit(&mut self, of_plan: bool, aborts: &mut Vec<AbortHandle>) -> bool {
        // What a pause holds back is in nobody's way.
        let waiting = self.asked.saturating_add(if self.phase == Phase::Paused { 0 } else { self.owed });
        let busy = waiting.saturating_add(self.running.len() as u64);
        let has_room = match self.overlap {
            Overlap::Skip => busy == 0,
            Overlap::Queue => waiting == 0,
            Overlap::CancelOld => {
                aborts.extend(self.running.iter_mut().filter_map(Running::abort));
                waiting == 0
            }
            Overlap::Allow(most) => busy < most as u64,
        };
        if !has_room {
            self.stats.skipped += 1;
            return false;
        }
        if of_plan {
            self.owed += 1;
            self.times = self.times.map(|times| times - 1);
        } else {
            self.asked += 1;
        }
        true
    }

    /// Gives a run out, if one may begin.
    fn begin(&mut self, now: Instant) -> Option<u64> {
        let has_room = match self.overlap {
            Overlap::Allow(most) => self.running.len() < most,
            Overlap::Skip | Overlap::Queue | Overlap::CancelOld => self.running.is_empty(),
        };
        if self.is_out || !has_room {
            return None;
        }
        let of_plan = self.owed > 0 && self.phase != Phase::Paused;
        let from = if of_plan { &mut self.owed } else { &mut self.asked };
        *from = from.checked_sub(1)?;
        self.is_out = true;
        self.runs += 1;
        self.running.push(Running {
            number: self.runs,
            since: now,
            of_plan,
            routine: None,
            task: None,
            task_id: None,
            is_asked: false,
            is_aborted: false,
        });
        Some(self.runs)
    }

    /// Whether the plan has no instant any more.
    fn is_done(&self) -> bool {
        self.times == Some(0) || self.timetable.has_none()
    }

    fn next(&self, now: &Now) -> Option<Instant> {
        let run =
            if self.phase == Phase::Paused || self.times == Some(0) { None } else { self.timetable.next_run(now) };
        run.into_iter().chain(self.timetable.end(now)).min()
    }

    /// No run begins any more.
    pub(super) fn end(&mut self) {
        self.phase = Phase::Over;
        let left = mem::take(&mut self.owed).saturating_add(mem::take(&mut self.asked));
        self.stats.skipped = self.stats.skipped.saturating_add(left);
    }

    /// The driver's waker, which is not needed any more.
    pub(super) fn take_driver(&mut self) -> Option<Waker> {
        self.driver.take()
    }

    /// Asks for a run by hand. Whether it was taken in, and whom to wake and what to abort for it.
    pub(super) fn ask(&mut self) -> (bool, Option<Waker>, Vec<AbortHandle>) {
        let mut aborts = Vec::new();
        if self.phase == Phase::Over {
            return (false, None, aborts);
        }
        let taken = self.admit(false, &mut aborts);
        (taken, self.driver.clone(), aborts)
    }

    pub(super) fn pause(&mut self) {
        if self.phase != Phase::Over {
            self.phase = Phase::Paused;
        }
    }

    pub(super) fn resume(&mut self) -> Option<Waker> {
        if self.phase != Phase::Paused {
            return None;
        }
        self.phase = Phase::Resumed;
        self.driver.clone()
    }

    /// Keeps the waker of the driver's task, which is one and the same all its life.
    pub(super) fn see(&mut self, waker: &Waker) {
        if self.driver.is_none() {
            self.driver = Some(waker.clone());
        }
    }

    pub(super) fn run_mut(&mut self, number: u64) -> Option<&mut Running> {
        self.running.iter_mut().find(|run| run.number == number)
    }

    /// A run has called the closure, or never will.
    pub(super) fn give_back(&mut self, number: u64, task: Option<tokio::task::Id>) -> Option<Waker> {
        if let Some(run) = self.run_mut(number) {
            run.task_id = task;
        }
        self.is_out = false;
        self.waker_if_any_waits()
    }

    /// A run has ended, and nothing of it is left.
    pub(super) fn ended(&mut self, number: u64, outcome: Outcome, now: Instant) -> Option<Waker> {
        let place = self.running.iter().position(|run| run.number == number)?;
        let run = self.running.swap_remove(place);
        self.stats.end(outcome);
        self.last = Some(LastRun { run: number, outcome, duration: now.saturating_duration_since(run.since) });
        if run.of_plan && self.timetable.is_from_end() {
            self.timetable.rest(now);
            return self.driver.clone();
        }
        self.waker_if_any_waits()
    }

    fn waker_if_any_waits(&self) -> Option<Waker> {
        if self.owed > 0 || self.asked > 0 { self.driver.clone() } else { None }
    }

    pub(super) fn stats(&self) -> ScheduleStats {
        ScheduleStats { runs: self.runs, running: self.running.len(), ..self.stats }
    }

    pub(super) const fn last(&self) -> Option<LastRun> {
        self.last
    }

    pub(super) fn is_finished(&self) -> bool {
        self.phase == Phase::Over && self.running.is_empty()
    }

    /// What is to come, to be worked out without the lock, and how many there may be.
    pub(super) fn plan(&self) -> Option<(Timetable, u64)> {
        let is_on = matches!(self.phase, Phase::On | Phase::Resumed);
        is_on.then(|| (self.timetable.clone(), self.times.unwrap_or(u64::MAX)))
    }
}
