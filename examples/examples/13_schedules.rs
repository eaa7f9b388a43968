//! Work that runs again and again: a ticker that is sometimes slower than its period, with and without overlap, and moved about
//! by jitter. Watch for: what is skipped, the failure that stops nothing, and the run that stops its own schedule.

use std::time::Duration;

use routine::schedule::{self, Overlap, Schedule};
use tokio::time::{Instant, sleep};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

async fn refresh(number: u32, begun: Instant) -> Result<(), String> {
    println!("{:>4} ms: refresh {number}", begun.elapsed().as_millis());
    match number {
        2 => sleep(ms(120)).await,
        4 => return Err("the server said no".to_owned()),
        _ => sleep(ms(5)).await,
    }
    Ok(())
}

fn ticker(overlap: Overlap, jitter: Duration) -> Result<Schedule, schedule::InvalidSchedule> {
    let begun = Instant::now();
    let mut number = 0;
    Schedule::builder().name("refresh").overlap(overlap).jitter(jitter).times(6).every(ms(50), move || {
        number += 1;
        refresh(number, begun)
    })
}

async fn run(ticker: Schedule) {
    println!("the first of {} to come is at {:?}", ticker.next(6).len(), ticker.next(1).first());
    while !ticker.is_finished() {
        sleep(ms(10)).await;
    }
    let stats = ticker.stats();
    println!("{} completed, {} failed, {} skipped\n", stats.completed, stats.failed, stats.skipped);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    run(ticker(Overlap::Skip, Duration::ZERO)?).await;
    run(ticker(Overlap::Allow(3), ms(30))?).await;

    let mut left = 3;
    let countdown = Schedule::builder().name("countdown").start_immediately().every(ms(20), move || {
        println!("{left}");
        left -= 1;
        async move {
            if let (0, Some(own)) = (left, schedule::current()) {
                own.stop(Duration::ZERO).await;
            }
        }
    })?;
    let lift_off = schedule::after(ms(100), || async { Ok::<_, std::io::Error>("lift-off") });
    println!("{}", lift_off.await?);
    println!("{countdown:?}");
    Ok(())
}
