//! A picture of all routines.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::clock;
use crate::id::RoutineId;
use crate::policy::Policy;
use crate::pool::{self, PoolRow};
use crate::registry::{self, Flags, Record, State};
use crate::report;
use crate::site::{self, Origin};
use crate::trace::Trace;

/// A picture of the routines that are there, made by [`snapshot`].
///
/// It is not one instant's picture: routines come and go while it is made. What it shows of one routine belongs together,
/// and a routine that was there all the while is in it once.
#[derive(Debug, Default)]
pub struct Snapshot {
    taken: u64,
    records: Vec<Record>,
    special: HashMap<u64, Special>,
    pools: Vec<PoolRow>,
}

/// What only some routines have.
#[derive(Debug)]
struct Special {
    name: Option<Cow<'static, str>>,
    parent: u64,
    fields: Vec<(&'static str, String)>,
}

/// Where a routine is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoutineState {
    /// Spawned, and not polled yet.
    Spawned,
    /// Waiting until its group or pool has room for it.
    Queued,
    /// On a thread, in its body.
    Running,
    /// Waiting to be woken.
    Waiting,
    /// On a thread, in one of its hooks.
    InHook,
}

impl RoutineState {
    /// The state in one word or two, as the dump shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spawned => "spawned",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::InHook => "in a hook",
        }
    }
}

impl fmt::Display for RoutineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Takes a picture of the routines that are there. It stops nobody: a routine that spawns, runs or ends meanwhile does not
/// wait for it.
///
/// It costs about 100 bytes and some ten nanoseconds a routine; [`Snapshot::refresh`] uses the memory of an older picture
/// again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let handle = routine::Builder::new().name("import").spawn(std::future::pending::<()>());
/// let snapshot = routine::snapshot();
/// let import = snapshot.routines().find(|routine| routine.name() == "import").unwrap();
/// assert_eq!(import.id(), handle.id());
/// # }
/// ```
#[must_use]
pub fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.refresh();
    snapshot
}

impl Snapshot {
    /// Takes the picture again, in the memory of this one.
    pub fn refresh(&mut self) {
        self.records.clear();
        self.special.clear();
        for slot in registry::slots().into_iter().flatten() {
            let Some(record) = slot.read() else { continue };
            if !record.meta.is_routine() {
                continue;
            }
            if record.meta.has(Flags::COLD) {
                let special = slot.peek(&record, |cold| Special {
                    name: cold.extra().and_then(|extra| extra.name.clone()),
                    parent: cold.extra().map_or(0, |extra| extra.parent),
                    fields: report::fields(cold.extra(), Some(cold)),
                });
                if let Some(special) = special {
                    self.special.insert(record.lineage[0], special);
                }
            }
            self.records.push(record);
        }
        self.pools = pool::rows();
        self.taken = clock::now();
    }

    /// The [pools](crate::Pool) that there were, in the order in which they were made.
    #[must_use]
    pub fn pools(&self) -> &[PoolRow] {
        &self.pools
    }

    /// How many routines are in the picture.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing was running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The routines, in no order.
    pub fn routines(&self) -> impl ExactSizeIterator<Item = Routine<'_>> {
        self.records.iter().map(|record| Routine { snapshot: self, record })
    }

    /// The routine of that number, if it is in the picture. Looks at all of them.
    #[must_use]
    pub fn get(&self, id: RoutineId) -> Option<Routine<'_>> {
        self.routines().find(|routine| routine.id() == id)
    }

    pub(super) fn routine(&self, index: usize) -> Routine<'_> {
        Routine { snapshot: self, record: &self.records[index] }
    }
}

/// A routine in a [`Snapshot`].
#[derive(Clone, Copy)]
pub struct Routine<'a> {
    snapshot: &'a Snapshot,
    record: &'a Record,
}

impl<'a> Routine<'a> {
    fn special(&self) -> Option<&'a Special> {
        self.record.meta.has(Flags::COLD).then(|| self.snapshot.special.get(&self.record.lineage[0])).flatten()
    }

    fn origin(&self) -> Origin {
        site::origin(self.record.origin)
    }

    pub(super) fn origin_number(&self) -> u32 {
        self.record.origin
    }

    /// Its number.
    ///
    /// # Panics
    /// Never: a routine has a number.
    #[must_use]
    pub fn id(&self) -> RoutineId {
        RoutineId::from_raw(self.record.lineage[0]).expect("numbers start at 1")
    }

    /// The number of the routine that started it, whether or not that is still there.
    #[must_use]
    pub fn parent(&self) -> Option<RoutineId> {
        let special = self.special().map_or(0, |special| special.parent);
        RoutineId::from_raw(if special == 0 { self.record.parent() } else { special })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        let given = self.special().and_then(|special| special.name.as_deref());
        given.unwrap_or_else(|| self.origin().name)
    }

    /// The module that it was written in; empty where nothing tells.
    #[must_use]
    pub fn module(&self) -> &'static str {
        self.origin().module
    }

    /// Its trace.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.record.trace()
    }

    /// Where it is in its life.
    #[must_use]
    pub fn state(&self) -> RoutineState {
        match self.record.state {
            State::Spawned if self.record.meta.has(Flags::QUEUED) => RoutineState::Queued,
            State::Spawned => RoutineState::Spawned,
            State::Running | State::Free | State::Refused => RoutineState::Running,
            State::Waiting => RoutineState::Waiting,
            State::InHook => RoutineState::InHook,
        }
    }

    /// What its failure does.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.record.meta.policy()
    }

    /// The time since it was started, on the machine's clock; exact to a few milliseconds, and to the turn of its spawner, which
    /// reads the clock once.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_nanos(self.snapshot.taken.saturating_sub(self.record.start))
    }

    /// The file and line that started it.
    #[must_use]
    pub fn spawned_at(&self) -> (&'static str, u32) {
        let origin = self.origin();
        (origin.file, origin.line)
    }

    /// The file and line of the `.await`, or of the macro such as `select!`, that it waits at, or is past. The macros note
    /// it; a routine that was started by a function has none, nor has one that has not come to its first await.
    #[must_use]
    pub fn waits_at(&self) -> Option<(&'static str, u32)> {
        (self.record.line != 0).then(|| (self.origin().source, self.record.line))
    }

    /// Whether it was asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.record.cancelled
    }

    /// Whether it runs on a thread of the blocking pool.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        self.record.meta.has(Flags::BLOCKING)
    }

    /// Whether its caller waits for it in place.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.record.meta.has(Flags::IN_PLACE)
    }

    /// Its fields, as they were formatted at its start.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let fields = self.special().map_or(&[][..], |special| &special.fields);
        fields.iter().map(|(key, value)| (*key, value.as_str()))
    }
}

impl fmt::Debug for Routine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routine")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("state", &self.state())
            .field("age", &self.age())
            .finish_non_exhaustive()
    }
}
