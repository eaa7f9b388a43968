//! `tokio::spawn`.

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::{BATCH, work};

#[inline(never)]
async fn batch() {
    let tasks: Vec<JoinHandle<()>> = (0..BATCH).map(|number| tokio::spawn(work(number))).collect();
    for task in tasks {
        task.await.expect("the work ends well");
    }
}

pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async { tokio::spawn(batch()).await.expect("a batch ends well") });
}
