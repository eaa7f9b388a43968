//! An operation that may panic. Watch for: the report with the panic's own stack, and the program that goes on.

use routine::prelude::*;

#[routine(recover)]
async fn parse(text: String) -> usize {
    let (_, number) = text.split_once('=').expect("a key and a value");
    number.len()
}

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().init();
    for text in ["a=1", "nonsense", "b=23"] {
        match parse(text.to_owned()).await {
            Ok(length) => println!("{text}: {length}"),
            Err(error) => println!("{text}: {error}"),
        }
    }
}
