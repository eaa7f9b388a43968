//! What a slot holds besides its words, behind its lock: what the routine inherited and hands on, and what it alone has.

use std::sync::Arc;

use super::{Extra, Heritage};

/// One pointer in the slot, whichever it is: an allocation for each scope that sets something to be inherited, which all that
/// starts inside shares, and one for each routine that has something of its own.
#[derive(Debug)]
pub(crate) enum Cold {
    Heritage(Heritage),
    Own { heritage: Option<Arc<Cold>>, extra: Extra },
}

impl Cold {
    /// Of a routine that has `extra`, and inherited what is shared.
    pub(crate) fn own(heritage: Option<Arc<Self>>, extra: Extra) -> Arc<Self> {
        Arc::new(Self::Own { heritage, extra })
    }

    pub(crate) fn extra(&self) -> Option<&Extra> {
        match self {
            Self::Heritage(_) => None,
            Self::Own { extra, .. } => Some(extra),
        }
    }

    pub(crate) fn heritage(&self) -> Option<&Heritage> {
        match self {
            Self::Heritage(heritage) => Some(heritage),
            Self::Own { heritage, .. } => heritage.as_deref().and_then(Self::heritage),
        }
    }

    /// What a routine hands on to those that it starts.
    pub(crate) fn to_hand_on(this: &Arc<Self>) -> Option<Arc<Self>> {
        match &**this {
            Self::Heritage(_) => Some(Arc::clone(this)),
            Self::Own { heritage, .. } => heritage.clone(),
        }
    }

    /// What the owner of `place` has of its own, made if it has nothing yet.
    pub(crate) fn extra_in(place: &mut Option<Arc<Self>>) -> &mut Extra {
        let owned = place.as_mut().is_some_and(|cold| matches!(**cold, Self::Own { .. }));
        if !owned {
            let heritage = place.take();
            *place = Some(Self::own(heritage, Extra::default()));
        }
        match place.as_mut().and_then(Arc::get_mut) {
            Some(Self::Own { extra, .. }) => extra,
            _ => unreachable!("what is its own is held by nobody else"),
        }
    }
}
