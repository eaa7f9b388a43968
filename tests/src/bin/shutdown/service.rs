//! What becomes of `main`, and of the process around it.

use std::future::pending;
use std::thread;
use std::time::Duration;

use routine::{Builder, Runner, cancelled, go};

const SHORT: Duration = Duration::from_millis(400);

fn flushes() {
    routine::at_exit(|| println!("flushed"));
}

/// Says that it can be asked to stop now.
fn ready() {
    println!("ready");
}

pub(super) async fn service() {
    flushes();
    let served = routine::run(async {
        let served = go(async {
            cancelled().await;
            println!("server stops");
        });
        let asked = cancelled();
        ready();
        asked.await;
        println!("main stops");
        served.await.is_ok()
    });
    println!("served {}", served.await);
}

pub(super) async fn returns() {
    flushes();
    let ended: Result<u8, &str> = routine::run(async {
        go(async {
            cancelled().await;
            println!("waited for");
        });
        Err("main fails")
    })
    .await;
    println!("{ended:?}");
}

pub(super) async fn panics() {
    flushes();
    routine::run(async {
        go(async {
            cancelled().await;
            println!("waited for");
        });
        panic!("main panics")
    })
    .await;
}

/// `main` does not look at the signal.
pub(super) async fn hangs() {
    flushes();
    let deadline = std::env::args().nth(2).map_or(SHORT, |_| Duration::from_mins(1));
    Runner::new()
        .deadline(deadline)
        .run(async {
            ready();
            pending::<()>().await;
        })
        .await;
}

/// The only thread of the runtime never comes back.
pub(super) async fn blocked() {
    flushes();
    Builder::new().name("spins").spawn(async {
        ready();
        loop {
            thread::sleep(Duration::from_millis(1));
        }
    });
    Runner::new().deadline(SHORT).run(cancelled()).await;
}

fn stragglers() {
    Builder::new().name("ignores").spawn(pending::<()>());
    Builder::new().name("sleeps").spawn_blocking(|| thread::sleep(Duration::from_secs(30)));
    Builder::new().name("spins").spawn(async {
        loop {
            std::hint::spin_loop();
        }
    });
}

/// What was started does not stop when a signal asks for it.
pub(super) async fn left() {
    flushes();
    stragglers();
    Runner::new()
        .deadline(SHORT)
        .run(async {
            let asked = cancelled();
            tokio::time::sleep(Duration::from_millis(50)).await;
            ready();
            asked.await;
        })
        .await;
    println!("not reached");
}

/// What was started does not stop when `main` has returned.
pub(super) async fn left_by_main() {
    flushes();
    Runner::new()
        .deadline(SHORT)
        .run(async {
            stragglers();
            tokio::time::sleep(Duration::from_millis(50)).await;
        })
        .await;
    println!("not reached");
}

/// Starts a server, and then a routine that fails.
async fn fails() -> routine::Handle<()> {
    let (tell, told) = tokio::sync::oneshot::channel();
    go(async {
        let asked = cancelled();
        let _ = tell.send(());
        asked.await;
        println!("server stops");
    });
    told.await.expect("it has started");
    routine::routine!(must_success(graceful = "2s"), async { Err::<(), _>("the port is taken") })
}

/// A routine fails that must not, and has asked for an orderly end.
pub(super) async fn graceful(within_run: bool) {
    flushes();
    if within_run {
        routine::run(async {
            let failed = fails().await;
            cancelled().await;
            println!("main stops {}", failed.await.is_err());
        })
        .await;
    } else {
        drop(fails().await);
        pending::<()>().await;
    }
    println!("not reached");
}

pub(super) fn block_on() {
    flushes();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let answer = Runner::new().without_signals().block_on(runtime, async {
        // No routine, so nobody waits for it.
        tokio::task::spawn_blocking(|| thread::sleep(Duration::from_secs(30)));
        go(async {
            cancelled().await;
            println!("waited for");
        });
        42
    });
    println!("{answer}");
}
