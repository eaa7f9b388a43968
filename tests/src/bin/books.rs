//! Routines of every ending on both flavours, under runtimes that die: the books balance, and nothing stays behind.

use std::time::Duration;

use routine::{Builder, stats};
use tokio::runtime::{Builder as Runtimes, Runtime};

struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::panic_any("its drop");
        }
    }
}

/// A payload whose drop panics with the next.
struct Again(u32);

impl Drop for Again {
    fn drop(&mut self) {
        if self.0 > 0 {
            std::panic::panic_any(Again(self.0 - 1));
        }
    }
}

async fn mixed(number: u64) {
    match number % 10 {
        0 => {
            routine::go(async { Err::<(), _>("an error") });
        }
        1 => {
            routine::go(async { std::panic::panic_any("a panic") });
        }
        2 => routine::go(std::future::pending::<()>()).abort(),
        3 => {
            let pending = routine::go(std::future::pending::<()>());
            tokio::task::yield_now().await;
            pending.abort();
        }
        4 => {
            Builder::new().timeout(Duration::from_millis(1)).spawn(std::future::pending::<()>());
        }
        5 => {
            routine::go(std::future::pending::<()>());
        }
        6 => {
            routine::go_value(async { Panics });
        }
        7 => {
            routine::go(async { std::panic::panic_any(Again(20)) });
        }
        8 => {
            routine::go_blocking(|| ());
        }
        _ => {
            let guard = Panics;
            routine::go(async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            })
            .abort();
        }
    }
}

fn round(runtime: Runtime, background: bool) {
    runtime.block_on(async {
        for number in 0..20_000 {
            mixed(number).await;
        }
    });
    if background {
        runtime.shutdown_background();
    } else {
        drop(runtime);
    }
}

fn main() {
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    std::panic::set_hook(Box::new(|_| ()));
    for background in [false, true] {
        round(Runtimes::new_current_thread().enable_all().build().expect("a runtime"), background);
        round(Runtimes::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime"), background);
    }
    // Whoever shuts a runtime down in the background does not wait; the books settle once its threads are gone.
    let patience = std::time::Instant::now();
    while stats().live > 0 && patience.elapsed() < Duration::from_secs(20) {
        std::thread::yield_now();
    }
    let stats = stats();
    println!("{stats:?}");
    assert_eq!(stats.started, stats.ended());
    assert!(routine::snapshot().is_empty(), "{}", routine::dump());
    assert_eq!(stats.started, 80_000);
    assert!(stats.completed > 0 && stats.failed > 0 && stats.panicked > 0 && stats.cancelled > 0);
}
