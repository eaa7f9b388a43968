//! Routines that one other starts, and is told of one by one when they have ended.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Scope;
use super::scope::EndWhenDropped;
use super::shared::Waits;
use crate::current;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::Failed;
use crate::registry::{Cold, Heritage, Slot};
use crate::shutdown;
use crate::spawn;
use crate::start::Start;
use crate::task::Settled;

/// Members whose handles, and so whose failures, are those of whoever started them. Dropping it ends them at their next await.
///
/// A shutdown asks them last, and a deadline not at all: whoever started them asks them before, in an order of its own.
pub(crate) struct Followed {
    scope: EndWhenDropped<Scope>,
    member: Arc<Cold>,
}

impl Followed {
    pub(crate) fn new() -> Self {
        let scope = Scope::new(usize::MAX, None, None, Waits::Handles);
        let outer = current::slot().and_then(Slot::heritage);
        let heritage = Heritage::in_phase(outer.as_deref().and_then(Cold::heritage), shutdown::LAST).without_deadline();
        let heritage = Some(Arc::new(Cold::Heritage(heritage)));
        let member = Arc::new(Cold::Member { group: Arc::clone(scope.shared()), heritage });
        Self { scope: EndWhenDropped(scope), member }
    }

    pub(crate) fn start<F>(&self, start: Start, body: F) -> Result<Handle<()>, Error>
    where
        F: Future<Output = Result<(), Failed>> + Send + 'static,
    {
        // Quiet are those whose ends are asked for.
        spawn::start_member::<Settled, F>(start.quiet(), Arc::clone(&self.member), body)
    }

    /// The number of the next one that has ended. Its handle resolves at once, or is just about to.
    pub(crate) fn poll_ended(&self, cx: &Context<'_>) -> Poll<u64> {
        match self.scope.0.shared().poll_ended(cx) {
            Poll::Ready(Some(id)) => Poll::Ready(id),
            // There is none. Whoever asks is the only one who starts some, and asks again then.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
