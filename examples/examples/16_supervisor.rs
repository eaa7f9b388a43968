//! A supervised worker: it panics, and comes back; what depends on it is restarted along; and at the end all stop in order.
//! Watch for: the warnings with the number of the restart, the states in between, and the child that has to be aborted.

use std::time::Duration;

use routine::supervise::{ChildSpec, Strategy, Supervisor};
use routine::{Backoff, Builder, Restart, cancelled};
use tokio::time::sleep;

/// Works until it is asked to stop, or until something goes wrong.
async fn connection(run: u32) -> Result<(), String> {
    println!("connection {run} is open");
    if run == 1 {
        sleep(Duration::from_millis(50)).await;
        panic!("a packet that nobody expected");
    }
    cancelled().await;
    println!("connection {run} is closed");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stdout).with_max_level(tracing::Level::WARN).init();

    let mut runs = 0;
    let supervisor = Supervisor::builder("shop")
        .strategy(Strategy::RestForOne)
        .budget(3, Duration::from_secs(30))
        .backoff(Backoff::exponential(Duration::from_millis(20))?)
        .child(ChildSpec::new("clock", cancelled))
        .child(ChildSpec::with_ready("connection", move |ready| {
            runs += 1;
            ready.started(());
            connection(runs)
        }))
        .child(ChildSpec::new("reader", cancelled))
        .build()?
        .start()
        .await?;

    let states = |when: &str| {
        println!("{when}:");
        for child in supervisor.children() {
            println!("  {:10} {:10} {} restarts", child.name(), child.state(), child.restarts());
        }
    };
    states("at first");
    sleep(Duration::from_millis(500)).await;
    states("after the panic");

    let stubborn = ChildSpec::new("stubborn", std::future::pending::<()>).grace(Duration::from_millis(30));
    supervisor.add_child(stubborn).await?;
    for overdue in supervisor.stop().await.overdue() {
        println!("`{}` had to be aborted", overdue.name());
    }

    // One loop alone needs no supervisor.
    let mut polls = 0;
    let loops = Builder::new().name("poll").spawn_restart(Restart::transient(), move || {
        polls += 1;
        async move { if polls < 3 { Err("not yet") } else { Ok(()) } }
    });
    loops.await?;
    Ok(())
}
