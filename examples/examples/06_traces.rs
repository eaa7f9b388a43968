//! One trace across functions, routines and threads. Watch for: the first 32 digits stay, and each routine adds a segment.

use routine::{Trace, prelude::*, trace};

fn show(place: &str) {
    println!("{place:<10} {}", trace::current().map_or_else(|| "none".to_owned(), |trace| trace.to_string()));
}

#[routine]
async fn outer() {
    show("outer");
    inner().await.expect("it only prints");
    let carrier = routine::carrier();
    let thread = std::thread::spawn(carrier.wrap(|| show("thread")));
    thread.join().expect("it only prints");
}

#[routine]
async fn inner() {
    show("inner");
}

#[tokio::main]
async fn main() {
    show("main");
    let inbound = Trace::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let inbound = inbound.expect("it is well formed");
    trace::scope(inbound, async { outer().await }).await.expect("it only prints");
}
