//! What people write by hand: the caller's span, the panic caught, the failure logged. There is no trace without a
//! subscriber, no list of what runs, and no hooks.

use std::any::Any;
use std::error::Error;
use std::io;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::{BATCH, work};

fn spawn_supervised<F, T, E>(name: &'static str, future: F) -> JoinHandle<Option<T>>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Error + Send + 'static,
{
    let supervised = async move {
        match AssertUnwindSafe(future).catch_unwind().await {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => {
                tracing::error!(task = name, error = &error as &dyn Error, "task failed");
                None
            }
            Err(payload) => {
                tracing::error!(task = name, panic = message(&*payload), "task panicked");
                None
            }
        }
    };
    tokio::spawn(supervised.instrument(tracing::info_span!("task", name)))
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}

#[inline(never)]
async fn batch() -> io::Result<()> {
    let tasks: Vec<JoinHandle<Option<()>>> = (0..BATCH)
        .map(|number| {
            spawn_supervised("work", async move {
                work(number).await;
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("panics are caught").expect("the work ends well");
    }
    Ok(())
}

pub(crate) fn run(runtime: &Runtime) {
    runtime.block_on(async { spawn_supervised("batch", batch()).await.expect("panics are caught") });
}
