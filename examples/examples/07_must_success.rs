//! Work that the process cannot do without. Watch for: the flush before the exit, and the exit code 1, here replaced by a
//! function that only prints it, so that the course goes on.

use routine::prelude::*;

#[routine(must_success)]
async fn listen(port: u16) -> Result<(), String> {
    Err(format!("port {port} is taken"))
}

#[tokio::main]
async fn main() {
    routine::set_exit(Some(|code| println!("exit with code {code}")));
    routine::at_exit(|| println!("flushed"));
    let error = listen(80).await.expect_err("the port is taken");
    println!("{error}");
}
