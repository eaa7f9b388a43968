//! The task of a schedule: it waits for the next instant, and begins runs.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::alarm::Alarm;
use super::run::Work;
use super::shared::Shared;

/// Runs a schedule to its end, on the runtime that is current.
pub(super) fn spawn(shared: Arc<Shared>, alarm: Alarm, work: Box<dyn Work>) {
    // A future that is dropped before its first poll ends the schedule, too.
    drop(tokio::spawn(drive(Driver { alarm, work, owner: Owner(shared) })));
}

/// Resolves when the process shuts down.
pub(super) async fn stopped() {
    std::future::pending().await
}

async fn drive(driver: Driver) {
    let mut driver = pin!(driver);
    let mut stopped = pin!(stopped());
    poll_fn(|cx| if stopped.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { driver.as_mut().poll_on(cx) })
        .await;
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

    #[test]
    fn a_driver_is_small() {
        fn size<T>(_: fn(T) -> T) -> usize {
            size_of::<T>()
        }
        let _ = size::<Driver>(|driver| driver);
        assert!(size_of::<Driver>() <= 256, "{}", size_of::<Driver>());
    }
}
