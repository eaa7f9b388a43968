//! `tokio_util::task::TaskTracker`, which tells when all have ended and nothing of how.

use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::{BATCH, work};

#[inline(never)]
async fn batch() {
    let tracker = TaskTracker::new();
    for number in 0..BATCH {
        tracker.spawn(work(number));
    }
    tracker.close();
    tracker.wait().await;
}

pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async { tokio::spawn(batch()).await.expect("a batch ends well") });
}
