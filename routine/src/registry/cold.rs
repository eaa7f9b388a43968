//! What a slot holds besides its words, behind its lock: what the routine inherited and hands on, and what it alone has.

use std::sync::Arc;

use super::{Extra, Flags, Heritage};
use crate::group::Shared;

/// One pointer in the slot, whichever it is: an allocation for each scope that sets something to be inherited and for each
/// group, which all that starts inside shares, and one for each routine that has something of its own.
#[derive(Debug)]
pub(crate) enum Cold {
    Heritage(Heritage),
    /// Of those that a group started: the group, which is theirs alone, and what they hand on.
    Member {
        group: Arc<Shared>,
        heritage: Option<Arc<Cold>>,
    },
    Own {
        base: Option<Arc<Cold>>,
        extra: Extra,
    },
}

impl Cold {
    /// Of a routine that has `extra` besides what it shares.
    pub(crate) fn own(base: Option<Arc<Self>>, extra: Extra) -> Arc<Self> {
        Arc::new(Self::Own { base, extra })
    }

    pub(crate) fn extra(&self) -> Option<&Extra> {
        match self {
            Self::Own { extra, .. } => Some(extra),
            _ => None,
        }
    }

    pub(crate) fn heritage(&self) -> Option<&Heritage> {
        match self {
            Self::Heritage(heritage) => Some(heritage),
            Self::Member { heritage: next, .. } | Self::Own { base: next, .. } => next.as_deref()?.heritage(),
        }
    }

    /// The phase of the shutdown in which the routine is asked to stop.
    pub(crate) fn phase(&self) -> u8 {
        self.heritage().map_or(0, Heritage::phase)
    }

    /// The group that the routine belongs to.
    pub(crate) fn group(&self) -> Option<&Arc<Shared>> {
        match self {
            Self::Heritage(_) => None,
            Self::Member { group, .. } => Some(group),
            Self::Own { base, .. } => base.as_deref()?.group(),
        }
    }

    /// What a routine hands on to those that it starts.
    pub(crate) fn to_hand_on(this: &Arc<Self>) -> Option<Arc<Self>> {
        match &**this {
            Self::Heritage(_) => Some(Arc::clone(this)),
            Self::Member { heritage, .. } => heritage.clone(),
            Self::Own { base, .. } => base.as_ref().and_then(Self::to_hand_on),
        }
    }

    /// What a slot that holds this says of it.
    pub(crate) fn flags(&self) -> Flags {
        let below = |cold: &Option<Arc<Self>>| cold.as_deref().map_or(Flags::NONE, Self::flags);
        match self {
            Self::Heritage(_) => Flags::HEIRS,
            Self::Member { heritage, .. } => Flags::GROUPED.with(below(heritage)),
            Self::Own { base, .. } => Flags::EXTRA.with(below(base)),
        }
    }

    /// Puts what is shared under what is the owner's own.
    pub(crate) fn set_base(place: &mut Option<Arc<Self>>, shared: Option<Arc<Self>>) {
        match place.as_mut().and_then(Arc::get_mut) {
            Some(Self::Own { base, .. }) => *base = shared,
            _ => *place = shared,
        }
    }

    /// What the owner of `place` has of its own, made if it has nothing yet.
    pub(crate) fn extra_in(place: &mut Option<Arc<Self>>) -> &mut Extra {
        let owned = place.as_mut().is_some_and(|cold| matches!(**cold, Self::Own { .. }));
        if !owned {
            let base = place.take();
            *place = Some(Self::own(base, Extra::default()));
        }
        match place.as_mut().and_then(Arc::get_mut) {
            Some(Self::Own { extra, .. }) => extra,
            _ => unreachable!("what is its own is held by nobody else"),
        }
    }
}
