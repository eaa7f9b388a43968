//! An after-hook never returns. The watchdog ends the process.

use std::time::Duration;

#[tokio::main]
async fn main() {
    routine::set_exit_deadline(Duration::from_millis(200));
    routine::add_after_routine(|_| {
        loop {
            std::thread::park();
        }
    });
    routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
    std::future::pending::<()>().await;
}
