//! A call that fails now and then: tried again with a back-off, within a time, and for as long as the server asks where it does.
//! Watch for: each attempt is an event of level debug; the routine is one line in the dump, and its failure one record.

use std::time::Duration;

use routine::{Backoff, BoxError, Builder, Retry, RetryAfter};
use tracing_subscriber::EnvFilter;

/// A server that is busy at first, then unreachable, and then well.
async fn fetch(attempt: u32) -> Result<String, BoxError> {
    match attempt {
        1 => Err(RetryAfter::new(Duration::from_millis(50), "503 Service Unavailable").into()),
        2 => Err("connection reset by peer".into()),
        3 => std::future::pending().await,
        _ => Ok("price list".to_owned()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new("routine=debug")).with_writer(std::io::stdout).init();

    let retry = Retry::times(5)?
        .backoff(Backoff::exponential(Duration::from_millis(20))?.max(Duration::from_secs(1))?)
        .attempt_timeout(Duration::from_millis(100))?;
    let mut attempts = 0;
    let prices = Builder::new().name("fetch prices").timeout(Duration::from_secs(10)).spawn_retry(retry, move || {
        attempts += 1;
        fetch(attempts)
    });
    println!("{}", routine::dump());
    println!("got the {}", prices.await?);

    // In place, without a routine: what is not worth another attempt is said by `when`.
    let mut tries = 0;
    let read = Retry::new().when(|error: &std::io::Error| error.kind() == std::io::ErrorKind::Interrupted).run(|| {
        tries += 1;
        async { std::fs::read_to_string("/no such file") }
    });
    println!("after {:?}: {tries} attempt", read.await.unwrap_err());
    Ok(())
}
