//! Hooks around every routine. Watch for: they pair, whatever ends the routine.

use routine::routine;

#[tokio::main]
async fn main() {
    routine::add_before_routine(|begin| println!("> {} #{}", begin.name(), begin.id()));
    routine::add_after_routine(|end| println!("< {} #{} {}", end.name(), end.id(), end.outcome()));
    routine!(name = "good", async {}).await.expect("it is good");
    let _ = routine!(name = "bad", async { Err::<(), _>("no luck") }).await;
    let lost = routine!(name = "lost", std::future::pending::<()>());
    lost.abort();
    let _ = lost.await;
}
