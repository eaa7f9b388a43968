//! The task of a schedule: it waits for the next instant, and begins runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::alarm::Alarm;
use super::run::Work;
use super::shared::Shared;

/// Runs a schedule to its end, on the runtime that is current.
pub(super) fn spawn(shared: Arc<Shared>, alarm: Alarm, work: Box<dyn Work>) {
    drop(tokio::spawn(drive(Driver { alarm, work, owner: Owner(shared) })));
}

/// Resolves when the process shuts down.
pub(super) async fn stopped() {
    std::future::pending::<()>().await;
}

fn drive(driver: Driver) -> impl Future<Output = ()> {
    Unless { stopped: stopped(), driver }
}

pin_project! {
    /// Drives, unless the process shuts down. By hand: an async function would hold its argument twice.
    struct Unless<S> {
        #[pin]
        stopped: S,
        #[pin]
        driver: Driver,
    }
}

impl<S: Future<Output = ()>> Future for Unless<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.stopped.poll(cx).is_ready() { Poll::Ready(()) } else { this.driver.poll_on(cx) }
    }
}

/// Ends a schedule that has nobody to drive it any more, its runtime maybe being gone.
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
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

impl Driver {
    /// Goes on until there is something to wait for. Whatever wakes it, it looks at everything anew.
    fn poll_on(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let shared = &this.owner.0;
        shared.state().see(cx.waker());
        loop {
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

    fn size_of_future<F: Future>(_: impl FnOnce(Driver) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_schedule_takes_little_room() {
        assert!(size_of_future(drive) <= 192, "{}", size_of_future(drive));
        // Of which the state, with the plan and the books, is the most.
        assert!(size_of::<Shared>() <= 448, "{}", size_of::<Shared>());
    }
}
