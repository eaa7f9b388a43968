//! What does not end the process: a routine that is cancelled, a runtime that dies, and an exit function that returns.

use std::sync::atomic::{AtomicI32, Ordering};

use routine::{Builder, Policy};

static CODE: AtomicI32 = AtomicI32::new(0);

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let aborted = routine::go_with_must_success(std::future::pending::<()>());
        aborted.abort();
        println!("aborted: {}", aborted.await.expect_err("it was aborted"));
        routine::set_exit(Some(|code| CODE.store(code, Ordering::SeqCst)));
        for _ in 0..2 {
            let failed = routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
            println!("failed: {}", failed.await.expect_err("it failed"));
        }
        routine::set_exit(None);
        Builder::new().policy(Policy::MustSuccess).spawn(std::future::pending::<()>());
    });
    drop(runtime);
    println!("code {}, {:?}", CODE.load(Ordering::SeqCst), routine::stats());
}
