//! A service that ends in order: a listener, its handlers, and a writer that goes on until nobody needs it. `run` waits for all of
//! them. Send it SIGTERM or Ctrl-C, or wait a second: then `main` returns by itself. Watch for: the order of the goodbyes, and
//! the report, which names the one that did not listen.

use std::future::pending;
use std::time::Duration;

use routine::{Runner, cancelled, prelude::*, routine, shield};
use tokio::sync::mpsc;
use tokio::time::{interval, sleep};

/// Stops at once, since nobody needs it any more.
#[routine]
async fn listen(orders: mpsc::Sender<u32>) {
    let mut ticks = interval(Duration::from_millis(50));
    for order in 1.. {
        tokio::select! {
            _ = ticks.tick() => drop(handle(order, orders.clone())),
            () = cancelled() => break,
        }
    }
    println!("the listener takes nothing more");
}

/// Ends what it has begun: it is waited for.
#[routine]
async fn handle(order: u32, orders: mpsc::Sender<u32>) -> Result<(), routine::Error> {
    sleep(Duration::from_millis(120)).await;
    // Once begun, this is finished, whatever becomes of the handler.
    shield(async move { orders.send(order).await }).await
}

/// Goes on until the handlers have ended: it is asked to stop after all that are in phase 0.
#[routine(phase = 1)]
async fn write(mut orders: mpsc::Receiver<u32>) {
    let mut written = 0;
    let mut asked = std::pin::pin!(cancelled());
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(_) => written += 1,
                None => break,
            },
            () = &mut asked => orders.close(),
        }
    }
    println!("the writer has written {written} orders");
}

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_target(false).without_time().init();
    routine::at_exit(|| println!("flushed"));
    Runner::new()
        .deadline(Duration::from_secs(2))
        .run(async {
            let (tell, told) = mpsc::channel(16);
            write(told);
            listen(tell);
            routine!(name = "deaf", pending::<()>());
            tokio::select! {
                () = sleep(Duration::from_secs(1)) => {}
                () = cancelled() => {}
            }
        })
        .await;
    println!("the end");
}
