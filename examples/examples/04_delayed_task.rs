//! Work that starts later, and work that takes too long. Watch for: the timeout is an outcome of its own.

use std::time::Duration;

use routine::routine;

#[tokio::main]
async fn main() {
    let later = routine!(name = "later", async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        "done"
    });
    let slow = routine!(name = "slow", timeout = "50ms", std::future::pending::<()>());
    println!("later: {:?}", later.await);
    println!("slow: {}", slow.await.expect_err("it never ends by itself"));
    println!("{:?}", routine::stats());
}
