//! How long a supervisor takes until all its children run again that failed at one time.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use routine::Backoff;
use routine::supervise::{ChildSpec, Supervisor};
use tokio::sync::Semaphore;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;

const CHILDREN: u32 = 10_000;
const ROUNDS: usize = 5;

/// Microseconds of each restart.
pub(crate) struct Restarts {
    /// Where nobody wants the records.
    pub(crate) unheard: f64,
    /// Where each record becomes a line of text, which goes nowhere.
    pub(crate) written: f64,
}

/// A child that fails once, when its turn comes, and then runs on.
fn child(number: u32, turns: Arc<Semaphore>, again: Arc<Semaphore>) -> ChildSpec {
    let mut is_first = true;
    ChildSpec::new(format!("child {number}"), move || {
        let (fails, turns, again) = (is_first, Arc::clone(&turns), Arc::clone(&again));
        is_first = false;
        async move {
            if fails {
                turns.acquire().await.expect("nobody closes it").forget();
                return Err("it fails once");
            }
            again.add_permits(1);
            std::future::pending::<Result<(), &str>>().await
        }
    })
    .grace(Duration::ZERO)
}

async fn round() -> Duration {
    let (turns, again) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let builder = Supervisor::builder("crowd")
        .budget(CHILDREN, Duration::from_secs(60))
        .backoff(Backoff::constant(Duration::ZERO));
    let builder =
        (0..CHILDREN).fold(builder, |all, number| all.child(child(number, Arc::clone(&turns), Arc::clone(&again))));
    let supervisor = builder.build().expect("the names differ").start().await.expect("all start");
    let begin = Instant::now();
    turns.add_permits(CHILDREN as usize);
    again.acquire_many(CHILDREN).await.expect("nobody closes it").forget();
    let time = begin.elapsed();
    assert!(supervisor.children().iter().all(|child| child.restarts() == 1), "each was restarted once");
    drop(supervisor.stop().await);
    time
}

/// The least time of a restart in a round.
fn fastest(subscriber: &Dispatch) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let times = tracing::dispatcher::with_default(subscriber, || {
        (0..ROUNDS).map(|_| runtime.block_on(round())).collect::<Vec<Duration>>()
    });
    times.into_iter().min().expect("there are rounds").as_secs_f64() * 1e6 / f64::from(CHILDREN)
}

pub(crate) fn measure() -> Restarts {
    let unheard = tracing_subscriber::fmt().with_max_level(LevelFilter::OFF).finish();
    let written = tracing_subscriber::fmt().with_writer(io::sink).finish();
    Restarts { unheard: fastest(&unheard.into()), written: fastest(&written.into()) }
}
