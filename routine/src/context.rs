//! A context that is no routine: a trace set by hand, or what a thread takes along.

use std::borrow::Cow;

use crate::cancel;
use crate::current::{self, Entered};
use crate::registry::{Birth, Extra, Flags, Kind, Meta, Slot, State};
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
        let outer = current::slot();
        let own = outer.map(Slot::trace);
        let (root, lineage, depth) = trace.or(own)?.parts();
        let mut flags = Flags::FOREIGN_PARENT;
        let inherited = trace.is_none() || trace == own;
        if !inherited || outer.is_none_or(|outer| outer.meta().has(Flags::SET_TRACE)) {
            flags = flags.with(Flags::SET_TRACE);
        }
        if outer.is_some_and(|outer| outer.meta().has(Flags::NO_HOOKS)) {
            flags = flags.with(Flags::NO_HOOKS);
        }
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
        if let Some(outer) = outer {
            let extra = Extra {
                name: Some(Cow::Owned(current::name(outer).into_owned())),
                cancellation: cancel::token(outer),
                parent: outer.parent(),
                ..Extra::default()
            };
            slot.put_extra(Box::new(extra), Flags::NONE, outer.meta().chain());
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
        let extra = self.slot.meta().has(Flags::EXTRA).then(|| self.slot.take_extra());
        self.slot.clear();
        thread::give(self.slot);
        drop(extra);
    }
}
