//! The exit of the process itself never returns: on some systems it runs the destructors of its thread's locals. Nothing
//! but an abort is left.

use std::time::Duration;

struct Hangs;

impl Drop for Hangs {
    fn drop(&mut self) {
        println!("hangs");
        loop {
            std::thread::park();
        }
    }
}

thread_local! {
    static LOCAL: Hangs = const { Hangs };
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    LOCAL.with(|_| ());
    routine::set_exit_deadline(Duration::from_millis(200));
    routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
    std::future::pending::<()>().await;
}
