//! Without a subscriber the reports go to stderr, and the application's own panic hook still runs once for each panic.

use std::sync::atomic::{AtomicU32, Ordering};

static PANICS: AtomicU32 = AtomicU32::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    std::panic::set_hook(Box::new(|_| {
        PANICS.fetch_add(1, Ordering::SeqCst);
    }));
    let _ = routine::go(async { Err::<(), _>("bad\nnews") }).await;
    let _ = routine::go(async { assert!(std::hint::black_box(false), "worse news") }).await;
    println!("{}", PANICS.load(Ordering::SeqCst));
}
