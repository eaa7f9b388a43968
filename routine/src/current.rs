//! Which routine is running on this thread.

use std::borrow::Cow;
use std::cell::Cell;

use crate::id::RoutineId;
use crate::policy::Policy;
use crate::registry::{Flags, Slot};
use crate::site;
use crate::trace::Trace;

thread_local! {
    // Without a destructor, so that it can be read until the thread is gone.
    static CURRENT: Cell<Option<&'static Slot>> = const { Cell::new(None) };
}

/// The context of what runs on this thread.
#[inline]
pub(crate) fn slot() -> Option<&'static Slot> {
    CURRENT.get()
}

/// Makes a slot the context of this thread until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    outer: Option<&'static Slot>,
}

impl Entered {
    #[inline]
    pub(crate) fn new(slot: Option<&'static Slot>) -> Self {
        Self { outer: CURRENT.replace(slot) }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.outer);
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
    let given = slot.meta().has(Flags::EXTRA).then(|| slot.with_extra(|extra| extra.name.clone()));
    given.flatten().unwrap_or_else(|| Cow::Borrowed(site::origin(slot.origin()).name))
}
