//! Routines that one other starts, and is told of one by one when they have ended.

use std::future::Future;
use std::task::{Context, Poll};

use super::Scope;
use super::scope::EndWhenDropped;
use super::shared::Waits;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::Failed;
use crate::spawn;
use crate::start::Start;
use crate::task::Settled;

/// Members whose handles, and so whose failures, are those of whoever started them. Dropping it ends them at their next await.
pub(crate) struct Followed(EndWhenDropped<Scope>);

impl Followed {
    pub(crate) fn new() -> Self {
        Self(EndWhenDropped(Scope::new(usize::MAX, None, None, Waits::ForHandles)))
    }

    pub(crate) fn start<F>(&self, start: Start, body: F) -> Result<Handle<()>, Error>
    where
        F: Future<Output = Result<(), Failed>> + Send + 'static,
    {
        spawn::start_member::<Settled, F>(start, self.0.0.member(), body)
    }

    /// The number of the next one that has ended. Its handle resolves at once, or is just about to.
    pub(crate) fn poll_ended(&self, cx: &Context<'_>) -> Poll<u64> {
        match self.0.0.shared().poll_ended(cx) {
            Poll::Ready(Some(id)) => Poll::Ready(id),
            // There is none. Whoever asks is the only one who starts some, and asks again then.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
