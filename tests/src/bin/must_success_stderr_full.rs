//! Nobody reads stderr, and it is full, so that every write to it hangs. The watchdog ends the process without a word.

use std::io::Write;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    std::thread::spawn(|| while std::io::stderr().write_all(&[b'.'; 4096]).is_ok() {});
    tokio::time::sleep(Duration::from_millis(200)).await;
    routine::set_exit_deadline(Duration::from_millis(200));
    routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
    std::future::pending::<()>().await;
}
