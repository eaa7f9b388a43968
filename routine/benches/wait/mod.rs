//! What the benches of labels await.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Awaits of one task.
pub(crate) const AWAITS: u64 = 10_000;

/// Waits as many times as it says.
pub(crate) struct Wait(pub(crate) u8);

impl Future for Wait {
    type Output = ();

    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if black_box(self.0) == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
