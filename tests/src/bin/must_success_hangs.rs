//! Everything hangs that can: the lock of stderr is held, and a callback never returns. The watchdog ends the process.

use std::time::Duration;

#[tokio::main]
async fn main() {
    routine::set_exit_deadline(Duration::from_millis(200));
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _stderr = std::io::stderr().lock();
        locked.send(()).expect("main waits for this");
        loop {
            std::thread::park();
        }
    });
    is_locked.await.expect("the lock is taken");
    routine::at_exit(|| {
        loop {
            std::thread::park();
        }
    });
    routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
    std::future::pending::<()>().await;
}
