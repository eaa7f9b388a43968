//! As in the editions before.
#![deny(warnings)]

use std::fmt::Debug;
use std::sync::Mutex;

use routine::{prelude::*, routine};

#[routine]
async fn last_borrows(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine]
fn last_borrows_blocking(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine]
async fn last_clears(values: Mutex<Vec<u8>>) {
    values.lock().unwrap().clear()
}

#[routine(in_place)]
async fn in_place(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine(in_place)]
fn in_place_blocking(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine]
async fn never() -> ! {
    loop {
        std::future::pending::<()>().await
    }
}

#[routine]
async fn coerced() -> Box<dyn Debug + Send> {
    Box::new(1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    last_borrows(Mutex::default()).await.unwrap();
    last_borrows_blocking(Mutex::default()).await.unwrap();
    last_clears(Mutex::default()).await.unwrap();
    in_place(Mutex::default()).await;
    in_place_blocking(Mutex::default());
    never().abort();
    coerced().await.unwrap();
    let values: Mutex<Vec<u8>> = Mutex::default();
    routine! { { values.lock().unwrap().len() } }.await.unwrap();
    routine! { last_borrows(Mutex::default()).await?; }.await.unwrap();
    routine! { loop { std::future::pending::<()>().await } }.abort();
    routine! { let n = last_borrows(Mutex::default()).await?; n + 1 }.await.unwrap();
}
