//! Several routines that must succeed panic at once: one of them ends the process.

#[tokio::main]
async fn main() {
    routine::at_exit(|| println!("flushed"));
    let together = std::sync::Arc::new(tokio::sync::Barrier::new(8));
    for _ in 0..8 {
        let together = std::sync::Arc::clone(&together);
        routine::go_with_must_success(async move {
            together.wait().await;
            std::panic::panic_any("no way on");
            #[allow(unreachable_code)]
            Ok::<_, &str>(())
        });
    }
    std::future::pending::<()>().await;
}
