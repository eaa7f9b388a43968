//! Setting a trace by hand.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use super::Trace;
use crate::context::Context;

use crate::registry::Slot;

/// The trace of what runs here: the routine's, or the one of the innermost scope; `None` outside both.
#[must_use]
pub fn current() -> Option<Trace> {
    crate::current::slot().map(Slot::trace)
}

/// Runs a future under a trace: what it starts, however deep, belongs to `trace`. Where the trace came from outside, this
/// is how it comes in.
///
/// The trace is there during each poll of the future and at no other time, so it never leaks to another task on the same
/// thread. The routine that polls the scope first stays the current one inside it, also where
/// the scope is moved to another task after that.
///
/// # Cancel safety
/// That of `future`.
///
/// ```
/// use routine::{Trace, trace};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let inbound = Trace::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
/// let handle = trace::scope(inbound, async { routine::go(async {}) }).await;
/// assert_eq!(handle.trace().root(), inbound.root());
/// assert_eq!(handle.trace().parent_segment(), Some(inbound.segment()));
/// # }
/// ```
pub fn scope<F: Future>(trace: Trace, future: F) -> Scope<F> {
    Scope { context: None, trace, future }
}

/// Runs a closure under a trace, see [`scope()`].
pub fn sync_scope<R>(trace: Trace, work: impl FnOnce() -> R) -> R {
    let context = Context::new(Some(trace));
    let _entered = context.as_ref().map(Context::enter);
    work()
}

pin_project! {
    /// The future of [`scope()`].
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct Scope<F> {
        // Made by the first poll, so that the routine around it is the one that awaits it.
        context: Option<Context>,
        trace: Trace,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.context.is_none() {
            *this.context = Context::new(Some(*this.trace));
        }
        let _entered = this.context.as_ref().map(Context::enter);
        this.future.poll(cx)
    }
}
