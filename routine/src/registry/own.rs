//! What a start brings along for its routine.

use std::mem::{self, ManuallyDrop};
use std::sync::Arc;

use super::{Cold, Extra};

/// What a routine is to have of its own, made where it is to stay; nothing where the start has no options.
///
/// The drop of an `Arc` takes its address, which would keep every start in memory, the plain ones too. This one is dropped by
/// value and out of line, and a start without options by nothing at all.
#[derive(Debug)]
pub(crate) struct Own(ManuallyDrop<Option<Arc<Cold>>>);

impl Own {
    pub(crate) const NOTHING: Self = Self(ManuallyDrop::new(None));

    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&Extra> {
        self.0.as_deref()?.extra()
    }

    /// What is there, made if it is not there yet.
    pub(crate) fn extra(&mut self) -> &mut Extra {
        Cold::extra_in(&mut self.0)
    }

    #[inline]
    pub(crate) fn take(&mut self) -> Option<Arc<Cold>> {
        ManuallyDrop::into_inner(mem::replace(&mut self.0, ManuallyDrop::new(None)))
    }
}

impl Drop for Own {
    #[inline]
    fn drop(&mut self) {
        if !self.is_nothing() {
            let_go(self.take());
        }
    }
}

#[cold]
#[inline(never)]
fn let_go(own: Option<Arc<Cold>>) {
    drop(own);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_is_never_used_keeps_nothing() {
        let mut own = Own::NOTHING;
        own.extra().fields.push(("key", "value".to_owned()));
        let held = Arc::downgrade(own.0.as_ref().unwrap());
        drop(own);
        assert_eq!(held.strong_count(), 0);
    }

    #[test]
    fn what_was_taken_is_the_takers() {
        let mut own = Own::NOTHING;
        own.extra().fields.push(("key", "value".to_owned()));
        let taken = own.take().unwrap();
        drop(own);
        assert_eq!(taken.extra().unwrap().fields.len(), 1);
    }
}
