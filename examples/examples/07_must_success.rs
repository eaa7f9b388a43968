//! Work that the process cannot do without. Watch for: the flush, the failure on stderr, and the exit code, which is 1.

use std::sync::Mutex;

use routine::prelude::*;

/// What a logger or an exporter would still hold in memory.
static UNWRITTEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(line: String) {
    UNWRITTEN.lock().expect("nobody panics while it is locked").push(line);
}

fn flush() {
    for line in UNWRITTEN.lock().expect("nobody panics while it is locked").drain(..) {
        println!("flushed: {line}");
    }
}

#[routine(must_success)]
async fn listen(port: u16) -> Result<(), String> {
    note(format!("about to listen at port {port}"));
    Err(format!("port {port} is taken"))
}

#[tokio::main]
async fn main() {
    routine::add_after_routine(|end| note(format!("{} {}", end.name(), end.outcome())));
    routine::at_exit(flush);
    let _ = listen(80).await;
    println!("nobody comes here");
}
