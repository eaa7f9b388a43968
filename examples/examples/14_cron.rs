//! A cron line in a zone, over the night in which its clocks go forward. Watch for: the run at 02:30 of a day without that
//! hour, which comes right after the change; what is said of a line that is none; and a run by hand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use routine::schedule::{Cron, Schedule};
use tokio::sync::mpsc;

/// Friday, 27 March 2026, in UTC. On Sunday the clocks of Berlin go from 02:00 to 03:00, which is 01:00 UTC.
const FRIDAY: Duration = Duration::from_hours(492_936);

/// The day, hour and minute of a time from that Friday on.
fn utc(time: SystemTime) -> String {
    let minutes = time.duration_since(UNIX_EPOCH + FRIDAY).map_or(0, |since| since.as_secs() / 60);
    let day = usize::try_from(minutes / 1_440)
        .map_or("later", |day| ["Fri", "Sat", "Sun", "Mon"].get(day).unwrap_or(&"later"));
    format!("{day} {:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let nightly = Cron::parse("30 2 * * *")?.in_zone("Europe/Berlin")?;
    for time in nightly.upcoming(UNIX_EPOCH + FRIDAY).take(4) {
        println!("`{nightly}` in Berlin: {}", utc(time));
    }
    println!("{}", Cron::parse("30 25 * * *").expect_err("no day has so many hours"));

    // The job goes by the clock on the wall, so it waits for the night. One run is asked for by hand.
    let (done, mut runs) = mpsc::channel(1);
    let backup = Schedule::builder().name("backup").timeout(Duration::from_secs(1)).cron(nightly, move || {
        let done = done.clone();
        async move { done.send("the backup is written").await }
    })?;
    println!("asked for a run: {}", backup.run_now());
    println!("{}", runs.recv().await.expect("the job keeps its end"));
    println!("to come: {} runs of the next 3", backup.next(3).len());
    backup.stop(Duration::from_secs(1)).await;
    println!("{:?}", backup.last());
    Ok(())
}
