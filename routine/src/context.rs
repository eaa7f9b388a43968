//! A context that is no routine: a trace set by hand, or what a thread takes along.

use std::borrow::Cow;
use std::sync::Arc;

use crate::cancel;
use crate::current::{self, Entered};
use crate::registry::{Birth, Cold, Extra, Flags, Kind, Meta, Slot, State};
use crate::thread;
use crate::trace::Trace;

/// A slot of its own for a context, freed when this is dropped. It is neither listed nor counted.
#[derive(Debug)]
pub(crate) struct Context {
    slot: &'static Slot,
}

impl Context {
    /// Of the routine that is current, if there is one, with the trace that is given, or else its own.
    pub(crate) fn new(trace: Option<Trace>) -> Option<Self> {
        Self::with(trace, |heritage| heritage)
    }

    /// As [`Context::new`], with what `hand_on` makes of what is inherited here.
    pub(crate) fn with(
        trace: Option<Trace>,
        hand_on: impl FnOnce(Option<Arc<Cold>>) -> Option<Arc<Cold>>,
    ) -> Option<Self> {
        let outer = current::slot();
        let own = outer.map(Slot::trace);
        let heritage = hand_on(outer.and_then(Slot::heritage));
        // Values may be set where there is neither a routine nor a trace.
        let fresh = heritage.is_some().then(Trace::new);
        let (root, lineage, depth) = trace.or(own).or(fresh)?.parts();
        let mut flags = Flags::FOREIGN_PARENT;
        let inherited = trace.is_none() || trace == own;
        if !inherited || outer.is_none_or(|outer| outer.meta().has(Flags::SET_TRACE)) {
            flags = flags.with(Flags::SET_TRACE);
        }
        if outer.is_some_and(|outer| outer.meta().has(Flags::NO_HOOKS)) {
            flags = flags.with(Flags::NO_HOOKS);
        }
        if outer.is_some_and(|outer| outer.meta().has(Flags::WANTS_STACK)) {
            flags = flags.with(Flags::WANTS_STACK);
        }
        // A scope in a member of a group hears of the group's end, and is none of those that the group waits for.
        let base = match outer.and_then(cancel::group) {
            Some(group) => Some(Arc::new(Cold::Member { group, heritage })),
            None => heritage,
        };
        let outer = outer.filter(|outer| outer.routine() != 0);
        let policy = outer.map(|outer| outer.meta().policy()).unwrap_or_default();
        let slot = thread::take();
        slot.fill(&Birth {
            meta: Meta::new(Kind::Scope, policy, depth, flags),
            origin: outer.map_or(0, Slot::origin),
            root,
            lineage,
            start: outer.map_or(0, Slot::routine),
            state: State::Running,
        });
        let chain = outer.map_or(0, |outer| outer.meta().chain());
        if let Some(outer) = outer {
            let extra = Extra {
                name: Some(Cow::Owned(current::name(outer).into_owned())),
                cancellation: cancel::token(outer),
                parent: outer.parent(),
                ..Extra::default()
            };
            slot.put_cold(Cold::own(base, extra), Flags::NONE, chain);
        } else if let Some(base) = base {
            slot.put_cold(base, Flags::NONE, chain);
        }
        Some(Self { slot })
    }

    #[inline]
    pub(crate) fn enter(&self) -> Entered {
        Entered::new(Some(self.slot))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        drop(self.slot.take_cold());
        self.slot.clear();
        thread::give(self.slot);
    }
}
