//! The task of a schedule: it waits for the next instant, and begins runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::alarm::Alarm;
use super::listing;
use super::run::Work;
use super::shared::Shared;
use crate::shutdown;

/// Runs a schedule to its end, on the runtime that is current.
pub(super) fn spawn(shared: Arc<Shared>, alarm: Alarm, work: Box<dyn Work>) {
    listing::add(&shared);
    drop(tokio::spawn(Driver { alarm, work, owner: Owner(shared) }));
}

/// Ends a schedule that has nobody to drive it any more, its runtime maybe being gone.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        listing::remove(&self.0);
        self.0.end();
    }
}

pin_project! {
    struct Driver {
        #[pin]
        alarm: Alarm,
        work: Box<dyn Work>,
        owner: Owner,
    }
}

impl Future for Driver {
    type Output = ();

    /// Goes on until there is something to wait for. Whatever wakes it, it looks at everything anew.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let shared = &this.owner.0;
        shared.state().see(cx.waker());
        loop {
            if shutdown::asks(shared.phase) {
                return Poll::Ready(());
            }
            let now = this.alarm.as_mut().now(cx);
            let step = shared.step(&now);
            for task in step.aborts {
                task.abort();
            }
            if step.is_over {
                return Poll::Ready(());
            }
            if let Some(number) = step.start {
                this.work.launch(number);
                continue;
            }
            ready!(this.alarm.as_mut().poll(cx, &now, step.at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_takes_little_room() {
        assert!(size_of::<Driver>() <= 192, "{}", size_of::<Driver>());
        // Of which the state, with the plan and the books, is the most.
        assert!(size_of::<Shared>() <= 448, "{}", size_of::<Shared>());
    }
}
