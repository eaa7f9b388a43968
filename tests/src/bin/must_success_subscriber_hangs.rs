//! A subscriber never returns from a record, as one does that waits for a lock of its own. The watchdog ends the process,
//! and tells stderr what the subscriber did not.

use std::time::Duration;

use tracing::Subscriber;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

struct Hangs;

impl<S: Subscriber> Layer<S> for Hangs {
    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        loop {
            std::thread::park();
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let subscriber = tracing_subscriber::registry().with(Hangs);
    tracing::subscriber::set_global_default(subscriber).expect("there is no other");
    routine::set_exit_deadline(Duration::from_millis(200));
    routine::go_with_must_success(async { Err::<(), _>("the port is taken") });
    std::future::pending::<()>().await;
}
