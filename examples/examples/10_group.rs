//! Routines that belong together: four at once, all waited for. Watch for: the queued ones in the dump, and the second group,
//! whose first failure ends the others.

use std::time::Duration;

use routine::Group;
use tokio::time::sleep;

async fn fetch(page: u32) -> Result<usize, String> {
    sleep(Duration::from_millis(20)).await;
    if page == 13 { Err(format!("page {page} is missing")) } else { Ok(format!("the text of page {page}").len()) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut pages = Group::builder().limit(4).deadline(Duration::from_secs(10)).build()?;
    for page in 0..10 {
        pages.go(fetch(page));
    }
    sleep(Duration::from_millis(5)).await;
    println!("{}", routine::dump());
    println!("{} bytes", pages.join().await?.iter().sum::<usize>());

    let book = routine::group(async |scope| {
        let handles: Vec<_> = (10..20).map(|page| scope.go(fetch(page))).collect();
        let mut bytes = 0;
        for handle in handles {
            bytes += handle.await?;
        }
        Ok::<_, routine::Error>(bytes)
    });
    match book.await {
        Ok(bytes) => println!("{bytes} bytes"),
        Err(error) => println!("no book: {error}"),
    }
    Ok(())
}
