//! A loop that runs until it is asked to stop. Watch for: the line that it waits at, and its count, which an abort
//! would lose.

use std::time::Duration;

use routine::routine;

#[tokio::main]
async fn main() {
    let ticker = routine!(name = "ticker", async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let mut count = 0;
        loop {
            tokio::select! {
                _ = ticks.tick() => count += 1,
                () = routine::cancelled() => break count,
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(220)).await;
    println!("{}", routine::dump());
    ticker.cancel();
    println!("{} ticks", ticker.await.expect("it ends by itself"));
}
