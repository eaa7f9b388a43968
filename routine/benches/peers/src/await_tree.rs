//! `tokio::spawn` of a root of await-tree, one key for each task.

use std::sync::LazyLock;

use await_tree::{Config, Registry};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::{BATCH, work};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::new(Config::default()));

#[inline(never)]
async fn batch() {
    let tasks: Vec<JoinHandle<()>> =
        (0..BATCH).map(|number| tokio::spawn(REGISTRY.register(number, "work").instrument(work(number)))).collect();
    for task in tasks {
        task.await.expect("the work ends well");
    }
}

pub(crate) fn run(runtime: &Runtime) {
    let root = REGISTRY.register(BATCH, "batch").instrument(batch());
    runtime.block_on(async { tokio::spawn(root).await.expect("a batch ends well") });
}
