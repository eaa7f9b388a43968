//! `routine::go`.

use tokio::runtime::Runtime;

use crate::{BATCH, work};

#[inline(never)]
async fn batch() {
    let routines: Vec<routine::Handle<()>> = (0..BATCH).map(|number| routine::go(work(number))).collect();
    for routine in routines {
        routine.await.expect("the work ends well");
    }
}

pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async { routine::go(batch()).await.expect("a batch ends well") });
}
