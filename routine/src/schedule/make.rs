//! How a schedule comes to be, for the builder and for the macros.

use std::any::type_name;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::alarm::Alarm;
use super::calendar::{Calendar, OnCalendar};
use super::error::{Invalid, InvalidSchedule};
use super::options::{Options, check_length};
use super::period::Period;
use super::run::{Home, Template};
use super::shared::Shared;
use super::state::State;
use super::timetable::{Plan, Timetable};
use super::{CURRENT, Schedule, driver, wall};
use crate::current;
use crate::outcome::IntoOutcome;
use crate::registry::{Cold, Heritage, Slot};
use crate::shutdown;
use crate::start::Start;

/// Starts a schedule with a period.
pub(crate) fn start_every<F, Fut>(
    start: Start,
    options: Options,
    period: Duration,
    work: F,
) -> Result<Schedule, InvalidSchedule>
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let start = start.typed_as(type_name::<F>);
    Ok(run(&start, Prepared::every(options, period)?, work))
}

/// Starts a schedule by a calendar.
#[cfg_attr(
    not(any(test, feature = "cron")),
    allow(dead_code, reason = "what has a calendar comes with the feature `cron`")
)]
pub(crate) fn start_calendar<F, Fut>(
    start: Start,
    options: Options,
    calendar: Arc<dyn Calendar>,
    work: F,
) -> Result<Schedule, InvalidSchedule>
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let start = start.typed_as(type_name::<F>);
    Ok(run(&start, Prepared::calendar(options, calendar)?, work))
}

/// All that a schedule needs but its work, known to be right.
struct Prepared {
    alarm: Alarm,
    timetable: Timetable,
    options: Options,
    /// A run is owed before the plan's first instant.
    owes: bool,
}

impl Prepared {
    fn every(options: Options, period: Duration) -> Result<Self, Invalid> {
        options.check()?;
        check_length("a period", period)?;
        if period.is_zero() {
            return Err(Invalid::NoPeriod);
        }
        if options.jitter >= period {
            return Err(Invalid::Jitter(options.jitter, period));
        }
        let first = options.first.unwrap_or(period);
        check_length("a delay", first)?;
        let delay = if options.start_immediately { Duration::ZERO } else { first };
        let (alarm, wall) = clocks(&options, options.until.is_some())?;
        if wall.and_then(|wall| wall.checked_add(delay)).is_some_and(|first| ends_before(&options, first)) {
            return Err(Invalid::Ended);
        }
        let plan = Plan::Period(Period::new(period, options.from_end, Instant::now() + delay));
        let timetable = Timetable::new(plan, options.jitter, options.until);
        Ok(Self { alarm, timetable, options, owes: false })
    }

    fn calendar(options: Options, calendar: Arc<dyn Calendar>) -> Result<Self, Invalid> {
        options.check()?;
        if options.from_end {
            return Err(Invalid::CalendarFromEnd);
        }
        let (alarm, wall) = clocks(&options, true)?;
        let wall = wall.unwrap_or_else(SystemTime::now);
        let plan = OnCalendar::new(calendar, wall);
        let first = plan.due().ok_or(Invalid::Never)?;
        if ends_before(&options, if options.start_immediately { wall } else { first }) {
            return Err(Invalid::Ended);
        }
        let timetable = Timetable::new(Plan::Calendar(plan), options.jitter, options.until);
        let owes = options.start_immediately;
        Ok(Self { alarm, timetable, options, owes })
    }
}

/// What waits, and the time of day where that matters.
fn clocks(options: &Options, by_wall: bool) -> Result<(Alarm, Option<SystemTime>), Invalid> {
    if shutdown::asks(current::slot().map_or(0, Slot::phase)) {
        return Err(Invalid::ShuttingDown);
    }
    let clock = by_wall.then(|| options.clock.clone().unwrap_or_else(wall::system));
    let wall = clock.as_deref().map(wall::read);
    Ok((Alarm::new(clock)?, wall))
}

fn ends_before(options: &Options, first: SystemTime) -> bool {
    options.until.is_some_and(|until| until <= first)
}

fn run<F, Fut>(start: &Start, prepared: Prepared, work: F) -> Schedule
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    let Prepared { alarm, timetable, options, owes } = prepared;
    let mut template = Template::new(start);
    let mut state = State::new(timetable, options.overlap, options.missed, options.times);
    if owes {
        state.owe();
    }
    let own = start.own.get().and_then(|extra| extra.phase);
    let phase = own.unwrap_or_else(|| current::slot().map_or(0, Slot::phase));
    let clock = options.clock.unwrap_or_else(wall::system);
    let shared = Arc::new(Shared::new(template.name(), clock, phase, state));
    let schedule = Schedule { shared: Arc::clone(&shared) };
    let outer = current::slot().and_then(Slot::heritage);
    let heritage = CURRENT.hand_on(outer.as_ref(), schedule.clone());
    template.inherit(match own {
        Some(phase) => Arc::new(Cold::Heritage(Heritage::in_phase(heritage.heritage(), phase))),
        None => heritage,
    });
    let home = Home::new(work, template, Arc::clone(&shared));
    driver::spawn(shared, alarm, Box::new(home));
    schedule
}
