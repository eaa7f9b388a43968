//! A routine's birth at the spawn: its number, its trace, its slot, and what it inherits.

use std::sync::Arc;

use crate::clock;
use crate::current;
use crate::hook;
use crate::policy::Policy;
use crate::registry::{Birth, Cold, Flags, Heritage, Kind, Meta, Slot, State};
use crate::report;
use crate::span;
use crate::start::{SpanMode, Start};
use crate::thread;
use crate::trace::Trace;

/// Routines whose spans are children of one another's, at most. A child's span keeps its parent's open, so a routine that
/// starts its successor for ever would keep all of them; beyond this a span begins a new tree and follows from the old.
const NESTED: u8 = 64;

/// What a start leaves for the handle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Born {
    pub(crate) slot: &'static Slot,
    pub(crate) identity: Identity,
}

/// What tells a routine from all others, also when it has ended.
///
/// The trace lies in its parts, one by one, so that none of them need lie in memory before it lies in the handle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) origin: Origin,
    pub(crate) root_high: u64,
    pub(crate) root_low: u64,
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) grandparent: u64,
}

/// Where a routine was started, and in the four highest bits the depth of its trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin(u32);

impl Born {
    #[inline]
    fn new(slot: &'static Slot, birth: Birth) -> Self {
        slot.fill(&birth);
        Self { slot, identity: Identity::new(birth.origin, birth.meta, birth.root, birth.lineage) }
    }

    /// Of a slot that was filled before.
    pub(crate) fn of(slot: &'static Slot) -> Self {
        Self { slot, identity: Identity::new(slot.origin(), slot.meta(), slot.root(), slot.lineage()) }
    }
}

impl Identity {
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    const fn new(origin: u32, meta: Meta, root: u128, [id, parent, grandparent]: [u64; 3]) -> Self {
        Self {
            origin: Origin(origin | meta.high_depth()),
            root_high: (root >> 64) as u64,
            root_low: root as u64,
            id,
            parent,
            grandparent,
        }
    }

    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    pub(crate) const fn origin(&self) -> u32 {
        self.origin.0 & (u32::MAX >> 4)
    }

    pub(crate) const fn trace(&self) -> Trace {
        let root = (self.root_high as u128) << 64 | self.root_low as u128;
        Trace::from_parts(root, [self.id, self.parent, self.grandparent], Meta::depth_of(self.origin.0 >> 28))
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
#[inline]
pub(crate) fn begin_member(mut start: Start, member: Arc<Cold>, spawner: Option<&'static Slot>) -> Born {
    let origin = start.origin();
    if is_plain(&start) && !spawner.is_some_and(|spawner| spawner.meta().has(Flags::SET_TRACE)) {
        return begin_plain_member(origin, start.policy, start.flags, member, spawner);
    }
    Born::of(begin_dressed(origin, start.policy, start.flags, start.span, start.own.take(), Some(member), spawner))
}

/// [`begin`] for what most starts are: a child of a routine, without options.
#[inline]
pub(crate) fn begin_plain(origin: u32, policy: Policy, flags: Flags, spawner: &'static Slot) -> Born {
    // Before the slot, so that what is known of it need not be kept anywhere meanwhile.
    let time = current::time_of_turn();
    let (slot, id) = thread::take_for_routine();
    let [parent, grandparent] = spawner.lineage_for_child();
    Born::new(
        slot,
        Birth {
            meta: spawner.meta().child(policy, flags),
            origin,
            root: spawner.root(),
            lineage: [id, parent, grandparent],
            start: time,
            state: State::Spawned,
        },
    )
}

/// [`begin_member`] for one without options.
fn begin_plain_member(
    origin: u32,
    policy: Policy,
    flags: Flags,
    member: Arc<Cold>,
    spawner: Option<&'static Slot>,
) -> Born {
    let is_in_a_turn = spawner.is_some_and(|spawner| spawner.meta().has(Flags::ON_RUNTIME));
    let time = if is_in_a_turn { current::time_of_turn() } else { now() };
    let (slot, id) = thread::take_for_routine();
    let (root, lineage, meta) = descent(id, policy, flags, spawner);
    let born = Born::new(slot, Birth { meta, origin, root, lineage, start: time, state: State::Spawned });
    let runs = member.group().is_none_or(|group| group.enter(id));
    slot.put_cold(member, if runs { Flags::NONE } else { Flags::QUEUED }, 0);
    born
}

/// The root, the lineage and the word of a routine that starts here.
fn descent(id: u64, policy: Policy, flags: Flags, spawner: Option<&'static Slot>) -> (u128, [u64; 3], Meta) {
    match spawner {
        Some(spawner) if !flags.has(Flags::ROOT) => {
            let [parent, grandparent] = spawner.lineage_for_child();
            (spawner.root(), [id, parent, grandparent], spawner.meta().child(policy, flags))
        }
        Some(spawner) => (Trace::fresh_root(), [id, 0, 0], spawner.meta().root(policy, flags)),
        None => (Trace::fresh_root(), [id, 0, 0], Meta::new(Kind::Routine, policy, 1, flags)),
    }
}

/// [`begin`] for a job of a pool, which has no options.
pub(crate) fn begin_job(origin: u32, policy: Policy, flags: Flags, spawner: Option<&'static Slot>) -> Born {
    if inherits(spawner) {
        return Born::of(begin_dressed(origin, policy, flags, SpanMode::Child, None, None, spawner));
    }
    let (slot, birth) = begin_bare(origin, policy, flags, spawner, now());
    Born::new(slot, birth)
}

/// [`begin_job`] for one of many that start at one place, and whose identity few ask for. `time` is that of the first of those
/// that start together; 0 for the first.
pub(crate) fn begin_at(
    origin: u32,
    policy: Policy,
    flags: Flags,
    spawner: Option<&'static Slot>,
    time: &mut u64,
) -> &'static Slot {
    if inherits(spawner) {
        return begin_dressed(origin, policy, flags, SpanMode::Child, None, None, spawner);
    }
    if *time == 0 || hook::current() != 0 {
        *time = now();
    }
    let (slot, birth) = begin_bare(origin, policy, flags, spawner, *time);
    slot.fill(&birth);
    slot
}

/// Whether what is started here without options has some all the same: a span, or what it inherits. Else its start leaves no mark
/// but in its slot.
#[inline]
pub(crate) fn inherits(spawner: Option<&'static Slot>) -> bool {
    spawner.is_some_and(|spawner| spawner.meta().has(Flags::HEIRS.with(Flags::SET_TRACE)))
        || span::wanted(SpanMode::Child)
}

#[inline(always)]
#[allow(clippy::inline_always)]
fn begin_bare(
    origin: u32,
    policy: Policy,
    flags: Flags,
    spawner: Option<&'static Slot>,
    time: u64,
) -> (&'static Slot, Birth) {
    let (slot, id) = thread::take_for_routine();
    let (root, lineage, meta) = descent(id, policy, flags, spawner);
    (slot, Birth { meta, origin, root, lineage, start: time, state: State::Spawned })
}

/// Whether [`begin_plain`] will do, for the child of a routine that hands nothing on.
#[inline]
pub(crate) fn is_plain(start: &Start) -> bool {
    start.own.is_nothing() && !start.flags.has(Flags::ROOT) && !span::wanted(start.span)
}

#[cold]
#[inline(never)]
pub(crate) fn begin_dressed(
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
    let (root, lineage, meta) = descent(id, policy, flags, spawner);
    slot.fill(&Birth { meta, origin, root, lineage, start: time, state: State::Spawned });
    let group = base.as_deref().and_then(Cold::group).cloned();
    let base = base.or_else(|| spawner.and_then(Slot::heritage));
    let base = match extra.as_deref().and_then(Cold::extra).and_then(|extra| extra.phase) {
        Some(phase) if group.is_none() => {
            let outer = base.as_deref().and_then(Cold::heritage);
            Some(Arc::new(Cold::Heritage(Heritage::in_phase(outer, phase))))
        }
        _ => base,
    };
    if extra.is_some() || meta.has(Flags::SET_TRACE.with(Flags::ROOT)) || span::wanted(span) {
        dress(slot, extra, base, span, spawner);
    } else if let Some(base) = base {
        slot.put_cold(base, Flags::NONE, 0);
    }
    if let Some(group) = group {
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
        let subject = report::describe(slot, parent, name, report::fields(extra, cold.as_deref()));
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
