//! What people start background work with in tokio, each with the same work: a batch started and joined inside one of its
//! own.

mod async_backtrace;
mod await_tree;
mod bare;
mod by_hand;
mod join_set;
mod routine;
mod task_tracker;

use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// What one batch starts.
pub const BATCH: u32 = 10_000;

/// A way to start background work.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its name in a table.
    pub name: &'static str,
    run: fn(&Runtime),
}

/// A bare `tokio::spawn`, which the others are compared with.
pub const BARE: Peer = Peer { name: "bare", run: bare::run };

/// The others.
pub const PEERS: [Peer; 6] = [
    Peer { name: "routine", run: routine::run },
    Peer { name: "JoinSet", run: join_set::run },
    Peer { name: "TaskTracker", run: task_tracker::run },
    Peer { name: "by-hand", run: by_hand::run },
    Peer { name: "async-backtrace", run: async_backtrace::run },
    Peer { name: "await-tree", run: await_tree::run },
];

impl Peer {
    /// The peer of that name, or a bare `tokio::spawn`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        std::iter::once(BARE).chain(PEERS).find(|peer| peer.name == name)
    }

    /// Starts and joins a batch.
    pub fn run(self, runtime: &Runtime) {
        (self.run)(runtime);
    }

    /// The time of a batch.
    #[must_use]
    pub fn time(self, runtime: &Runtime) -> Duration {
        let start = Instant::now();
        self.run(runtime);
        start.elapsed()
    }

    /// Whether it makes a span where a subscriber wants one.
    #[must_use]
    pub fn has_span(self) -> bool {
        matches!(self.name, "routine" | "by-hand")
    }
}

/// Installs a subscriber that keeps spans and writes nothing.
///
/// # Panics
/// Where there is one already.
pub fn subscribe() {
    tracing::subscriber::set_global_default(tracing_subscriber::registry()).expect("there is no subscriber yet");
}

/// A runtime of one thread.
///
/// # Panics
/// Where the system has none.
#[must_use]
pub fn one_thread() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

/// The work.
async fn work(number: u32) {
    black_box(number);
}
