//! Work on the threads of rayon. Watch for: the routine's name and trace there, and the child that a foreign thread starts.

use rayon::prelude::*;
use routine::{Builder, prelude::*};
use tokio::runtime::Handle;

/// A plain `fn`: it runs on a thread that may block, and there it waits for rayon's.
#[routine]
fn add_up(rows: Vec<u64>) -> u64 {
    let carrier = routine::carrier();
    // Those threads know no runtime, so whoever starts something there names one.
    let runtime = Handle::current();
    rows.into_par_iter()
        .map(|row| {
            carrier.run(|| {
                let current = routine::current().expect("the routine came along");
                println!("row {row} on {:?} in `{}`", std::thread::current().id(), current.name());
                if row == 3 {
                    let checked = async move { println!("row {row} is checked, {:?}", routine::trace::current()) };
                    Builder::new().name("check").spawn_on(&runtime, checked);
                }
                row * row
            })
        })
        .sum()
}

#[tokio::main]
async fn main() {
    let sum = add_up((1..=5).collect());
    println!("started {:?}", sum.trace());
    println!("the sum is {}", sum.await.expect("it adds up"));
    while routine::stats().live > 0 {
        tokio::task::yield_now().await;
    }
}
