//! A pool behind a stream: lines come in, four workers work on them, and the results come out in the order of the lines. Watch
//! for: the line that is no number is an item of its own, and the pool goes on; the table at the end is the pool's own books.

use std::time::Duration;

use routine::Pool;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::sleep;

const INPUT: &[u8] = b"12\n7\nforty\n30\n1\n";

async fn square(line: std::io::Result<String>) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let number: u64 = line?.parse()?;
    // The later lines would be the first to end.
    sleep(Duration::from_millis(number)).await;
    Ok(number * number)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = Pool::builder("squares").workers(4).queue(16).build()?;

    let mut lines = BufReader::new(INPUT).lines();
    let mut input = Vec::new();
    while let Some(line) = lines.next_line().await.transpose() {
        input.push(line);
    }
    let mut results = pool.map(input, square);
    while let Some(result) = results.next().await {
        match result {
            Ok(square) => println!("{square}"),
            Err(error) => println!("{error}"),
        }
    }

    pool.close().await;
    let stats = pool.stats();
    println!("{} completed, {} failed, {:?} at most", stats.completed, stats.failed, stats.ran.max);
    Ok(())
}
