//! What a failed routine leaves behind never returns from its drop: a guard at a timeout, the payload of a panic, or a field of
//! a future that returned an error, whichever the argument says. The watchdog is there before any of them is dropped.

use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

struct Hangs;

impl Drop for Hangs {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

struct Fails(Hangs);

impl Future for Fails {
    type Output = Result<(), &'static str>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        let Hangs = &self.0;
        Poll::Ready(Err("it returned"))
    }
}

#[tokio::main]
async fn main() {
    routine::set_exit_deadline(Duration::from_millis(200));
    let builder = routine::Builder::new().policy(routine::Policy::MustSuccess);
    let what = std::env::args().nth(1);
    match what.as_deref() {
        Some("timeout") => drop(builder.timeout(Duration::from_millis(1)).spawn(async {
            let _hangs = Hangs;
            pending::<()>().await;
        })),
        Some("payload") => drop(builder.spawn(async { std::panic::panic_any(Hangs) })),
        Some("field") => drop(builder.spawn(Fails(Hangs))),
        _ => panic!("timeout, payload or field, not {what:?}"),
    }
    pending::<()>().await;
}
