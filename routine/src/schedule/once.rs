//! What runs once, later.

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::error::{Invalid, InvalidSchedule};
use super::options::{LONGEST, Options, check_length};
use super::timetable::Now;
use super::wall;
use crate::birth::Identity;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::registry::{Flags, Slot, State};
use crate::shutdown;
use crate::spawn::{self, hold};
use crate::start::Start;
use crate::task::{Fallible, Task};

type ValueOf<F> = <<F as Future>::Output as IntoOutcome>::Value;

/// When it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// After a time. One that is longer than there is any use for lasts for ever.
    After(Duration),
    At(SystemTime),
}

/// Starts a routine that waits until its time has come, and then calls `work` and runs what it gives.
pub(crate) fn start_once<F, Fut>(
    start: Start,
    options: Options,
    when: When,
    work: F,
) -> Result<Handle<ValueOf<Fut>>, InvalidSchedule>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    options.check_once()?;
    let mut start = start.typed_as(type_name::<F>);
    let (due, alarm) = prepare(options, when)?;
    start.flags = start.flags.with(Flags::ON_RUNTIME);
    let born = spawn::begin(start);
    let is_refused = born.slot.state() == State::Refused;
    if !is_refused {
        born.slot.add(Flags::QUEUED);
    }
    let routine = Task::<Fallible, _>::new(born.slot, hold(async move { work().await }));
    let once = Once {
        wait: (!is_refused).then_some(Wait { due, alarm, slot: born.slot, is_known: false }),
        routine: Some(routine),
        slot: born.slot,
        identity: born.identity,
    };
    Ok(Handle::new(tokio::spawn(once), born))
}

/// An instant of one of the clocks.
enum Due {
    Never,
    Instant(Instant),
    Wall(SystemTime, Duration),
}

fn prepare(options: Options, when: When) -> Result<(Due, Alarm), Invalid> {
    let jitter = jitter(options.jitter);
    match when {
        When::After(delay) => {
            let alarm = Alarm::new(None)?;
            let due = delay.checked_add(jitter).filter(|delay| *delay <= 2 * LONGEST);
            let due = due.and_then(|delay| Instant::now().checked_add(delay));
            Ok((due.map_or(Due::Never, Due::Instant), alarm))
        }
        When::At(instant) => {
            let clock = options.clock.unwrap_or_else(wall::system);
            match instant.duration_since(wall::read(&*clock)) {
                Ok(left) => check_length("a delay", left)?,
                Err(past) => return Err(Invalid::Past(past.duration())),
            }
            Ok((Due::Wall(instant, jitter), Alarm::new(Some(clock))?))
        }
    }
}

fn jitter(most: Duration) -> Duration {
    match u64::try_from(most.as_nanos()) {
        Ok(most) if most > 0 => Duration::from_nanos(fastrand::u64(0..most)),
        _ => Duration::ZERO,
    }
}

pin_project! {
    /// Whether the time has come; `false` where the process shuts down before.
    struct Wait {
        due: Due,
        #[pin]
        alarm: Alarm,
        // Whether the shutdown would find its waker.
        is_known: bool,
        slot: &'static Slot,
    }
}

impl Future for Wait {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let mut this = self.project();
        if !*this.is_known {
            *this.is_known = true;
            this.slot.keep_waker(cx.waker());
        }
        if shutdown::asks(this.slot.phase()) {
            return Poll::Ready(false);
        }
        loop {
            let now = this.alarm.as_mut().now(cx);
            let at = this.due.as_clocks_go(&now);
            if at.is_some_and(|at| at <= now.now) {
                return Poll::Ready(true);
            }
            ready!(this.alarm.as_mut().poll(cx, &now, at));
        }
    }
}

impl Due {
    fn as_clocks_go(&self, now: &Now) -> Option<Instant> {
        match self {
            Self::Never => None,
            Self::Instant(instant) => Some(*instant),
            Self::Wall(instant, lag) => now.until(instant.checked_add(*lag)?),
        }
    }
}

pin_project! {
    /// A routine that has not begun, and then the routine.
    struct Once<W, R> {
        #[pin]
        wait: Option<W>,
        #[pin]
        routine: Option<R>,
        slot: &'static Slot,
        identity: Identity,
    }
}

impl<W, R, T> Future for Once<W, R>
where
    W: Future<Output = bool>,
    R: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(wait) = this.wait.as_mut().as_pin_mut() {
            let has_come = ready!(wait.poll(cx));
            this.wait.set(None);
            if has_come {
                this.slot.remove(Flags::QUEUED);
            } else {
                this.routine.set(None);
            }
        }
        match this.routine.as_pin_mut() {
            Some(routine) => routine.poll(cx),
            None => Poll::Ready(Err(this.identity.cancelled_by_shutdown())),
        }
    }
}
