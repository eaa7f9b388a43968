//! The error itself never returns from being displayed. The watchdog is there before anybody reads it.

use std::fmt;
use std::time::Duration;

#[derive(Debug)]
struct Hangs;

impl fmt::Display for Hangs {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            std::thread::park();
        }
    }
}

impl std::error::Error for Hangs {}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    routine::set_exit_deadline(Duration::from_millis(200));
    routine::go_with_must_success(async { Err::<(), _>(Hangs) });
    std::future::pending::<()>().await;
}
