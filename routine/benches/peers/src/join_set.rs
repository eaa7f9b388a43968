//! `tokio::task::JoinSet`, joined as its tasks end.

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::{BATCH, work};

#[inline(never)]
async fn batch() {
    let mut set = JoinSet::new();
    for number in 0..BATCH {
        set.spawn(work(number));
    }
    while let Some(ended) = set.join_next().await {
        ended.expect("the work ends well");
    }
}

pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async { tokio::spawn(batch()).await.expect("a batch ends well") });
}
