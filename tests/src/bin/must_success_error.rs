//! Fails a routine that must succeed: hooks, callbacks and the copy on stderr come before the exit.

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    routine::add_after_routine(|end| println!("after {}", end.outcome()));
    routine::at_exit(|| println!("flushed last"));
    routine::at_exit(|| panic!("a callback that fails is skipped"));
    routine::at_exit(|| println!("flushed first"));
    routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
    std::future::pending::<()>().await;
}
