//! A pool that lives long: full, it hands jobs back; resized while it runs, it works faster; shared out, no tenant takes all of
//! it; and at the end it is closed within a time. Watch for: the dump, which lists the pool and its share.

use std::time::Duration;

use routine::Pool;
use routine::pool::SubmitErrorKind;
use tokio::time::sleep;

async fn thumbnail(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = Pool::builder("thumbnails").workers(1).queue(4).build()?;
    let mut refused = 0;
    for _ in 0..8 {
        match pool.try_submit(thumbnail(20)) {
            Ok(handle) => drop(handle),
            Err(error) if error.kind() == SubmitErrorKind::Full => refused += 1,
            Err(error) => return Err(error.to_string().into()),
        }
    }
    println!("{refused} of 8 were handed back: one runs, four wait");

    pool.resize(4)?;
    sleep(Duration::from_millis(5)).await;
    println!("{} run now", pool.stats().running);

    let tenant = pool.share("tenant-a", 1)?;
    for _ in 0..3 {
        // Whoever waits for room is not refused.
        tenant.submit(thumbnail(5)).await.map_err(|refused| refused.to_string())?;
    }
    println!("{}", routine::dump());

    let once = pool.submit_unique("cover.png", thumbnail(30)).await.map_err(|refused| refused.to_string())?;
    let twice = pool.submit_unique("cover.png", thumbnail(30)).await;
    println!("the same key again: {}", twice.expect_err("it is under way"));
    once.await?;

    drop(pool.try_submit(thumbnail(60_000)));
    match pool.close_within(Duration::from_millis(100)).await {
        Ok(()) => println!("drained"),
        Err(left) => println!("{left}"),
    }
    Ok(())
}
