//! Which routine is running on this thread.

use std::borrow::Cow;
use std::cell::Cell;

use crate::clock;
use crate::hook;
use crate::id::RoutineId;
use crate::policy::Policy;
use crate::registry::Slot;
use crate::site;
use crate::trace::Trace;

/// What is so on this thread.
struct Here {
    slot: Cell<Option<&'static Slot>>,
    /// When the turn that is running last read the clock; 0 where it has not.
    time: Cell<u64>,
}

thread_local! {
    // Without a destructor, so that it can be read until the thread is gone.
    static HERE: Here = const { Here { slot: Cell::new(None), time: Cell::new(0) } };
}

/// The context of what runs on this thread.
#[inline]
pub(crate) fn slot() -> Option<&'static Slot> {
    HERE.with(|here| here.slot.get())
}

/// The time, for what starts in a turn: a turn reads the clock once, as event loops do, since a loop that starts a thousand
/// routines would spend a tenth of its time on the clock. Where there are hooks, which are told how long a routine took, it is
/// read each time, and exactly.
#[inline]
pub(crate) fn time_of_turn() -> u64 {
    HERE.with(|here| match here.time.get() {
        0 => read_clock(here),
        time => time,
    })
}

#[cold]
#[inline(never)]
fn read_clock(here: &Here) -> u64 {
    if hook::current() != 0 {
        return clock::now();
    }
    let time = clock::coarse();
    here.time.set(time);
    time
}

/// Makes a slot the context of this thread until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    outer: Option<&'static Slot>,
}

impl Entered {
    #[inline]
    pub(crate) fn new(slot: Option<&'static Slot>) -> Self {
        HERE.with(|here| {
            here.time.set(0);
            Self { outer: here.slot.replace(slot) }
        })
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| here.slot.set(self.outer));
    }
}

/// The routine that is running, as [`current`] shows it.
#[derive(Clone, Debug)]
pub struct Current {
    id: RoutineId,
    parent: Option<RoutineId>,
    name: Cow<'static, str>,
    trace: Trace,
    policy: Policy,
}

impl Current {
    /// Its number.
    #[must_use]
    pub const fn id(&self) -> RoutineId {
        self.id
    }

    /// The number of the routine that started it; `None` for one that was started outside any.
    #[must_use]
    pub const fn parent(&self) -> Option<RoutineId> {
        self.parent
    }

    /// Its name: the one it was given, else the function it was written in.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its trace.
    #[must_use]
    pub const fn trace(&self) -> Trace {
        self.trace
    }

    /// What its failure does.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }
}

/// The routine that is running here; `None` outside any, and where only a trace was set.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert!(routine::current().is_none());
/// let handle = routine::go_value(async { routine::current().map(|current| current.id()) });
/// let id = handle.id();
/// assert_eq!(handle.await.unwrap(), Some(id));
/// # }
/// ```
#[must_use]
pub fn current() -> Option<Current> {
    let slot = slot()?;
    Some(Current {
        id: RoutineId::from_raw(slot.routine())?,
        parent: RoutineId::from_raw(slot.parent()),
        name: name(slot),
        trace: slot.trace(),
        policy: slot.meta().policy(),
    })
}

/// The name of the routine that owns `slot`, for its owner.
pub(crate) fn name(slot: &Slot) -> Cow<'static, str> {
    let given = slot.with_cold(|cold| cold.extra()?.name.clone());
    given.flatten().unwrap_or_else(|| Cow::Borrowed(site::origin(slot.origin()).name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_reads_the_clock_once_and_the_next_turn_again() {
        let handle = crate::go(async {
            HERE.with(|here| assert_eq!(here.time.get(), 0));
            let time = time_of_turn();
            assert_eq!(time_of_turn(), time);
            tokio::task::yield_now().await;
            HERE.with(|here| assert_eq!(here.time.get(), 0));
        });
        handle.await.unwrap();
    }
}
