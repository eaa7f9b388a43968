//! A background job, and waiting for it. Watch for: the answer, and the report of the job that nobody waits for.

use routine::{prelude::*, routine};

#[routine]
async fn double(number: u32) -> Result<u32, std::num::TryFromIntError> {
    Ok(u32::try_from(u64::from(number) * 2)?)
}

#[tokio::main]
async fn main() {
    println!("{:?}", double(21).await);
    double(u32::MAX);
    routine! { println!("inline, in routine {}", routine::current().map_or(0, |current| current.id().get())) }
        .await
        .expect("it only prints");
    // The runtime drops what still runs when `main` returns, and a report with it.
    while routine::stats().live > 0 {
        tokio::task::yield_now().await;
    }
}
