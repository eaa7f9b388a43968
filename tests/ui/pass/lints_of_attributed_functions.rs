//! What the attribute makes of a function raises no lint in the user's code.
#![deny(warnings, clippy::pedantic, clippy::nursery, rust_2018_idioms)]

use std::fmt::{Debug, Display};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use routine::prelude::*;

async fn rest() {
    tokio::task::yield_now().await;
}

/// Starts a unit.
#[routine]
pub async fn unit(n: usize, count: Arc<AtomicUsize>) {
    use std::thread::yield_now;
    const ONE: usize = 1;
    rest().await;
    yield_now();
    count.fetch_add(n + ONE, Ordering::Relaxed);
}

#[routine(recover, name = format!("value {left}"), fields(left, other = right + 1))]
async fn value(left: u8, right: u8) -> u8 {
    rest().await;
    left.saturating_add(right)
}

#[routine]
async fn fails(text: String) -> Result<u8, std::num::ParseIntError> {
    rest().await;
    text.parse()
}

#[routine]
async fn question(text: String) -> Result<u8, routine::BoxError> {
    let n: u8 = text.parse()?;
    if n > 3 {
        return Err("too large".into());
    }
    (rest()).await;
    Ok(n)
}

#[routine]
async fn patterns((a, mut b): (u8, u8), mut c: u8, _: u8, _guard: Arc<u8>) -> u8 {
    b += 1;
    c += 1;
    rest().await;
    a + b + c
}

#[routine]
async fn generic<T: Display + Send + 'static>(t: T, more: impl Debug + Send + 'static) -> impl Display {
    rest().await;
    format!("{t}{more:?}").len()
}

#[routine]
fn blocking(values: Mutex<Vec<u8>>) -> usize {
    values.lock().map_or(0, |values| values.len())
}

#[routine]
async fn never() -> ! {
    loop {
        rest().await;
    }
}

#[routine]
async fn macros(n: u8) {
    println!("{n}");
    tokio::select! {
        () = rest() => {}
        () = async { rest().await } => {}
    }
    let (a, b) = tokio::join!(async { 1 }, async { 2 });
    rest().await;
    let c = a + b + tokio::try_join!(async { Ok::<_, ()>(1) }).map_or(0, |(n,)| n);
    match c {
        1 => rest().await,
        _ => tokio::select! { () = rest() => {} },
    }
    assert_eq!(c, 4);
}

struct Service(u8);

impl Service {
    #[routine]
    async fn shared(self: Arc<Self>) -> u8 {
        rest().await;
        self.0
    }

    #[routine]
    async fn unused(self: Arc<Self>) {}

    #[routine(in_place, name = "in place")]
    async fn borrows(&self, text: &str) -> io::Result<usize> {
        rest().await;
        Ok(text.len() + usize::from(self.0))
    }

    #[routine(in_place, recover, timeout = "5s")]
    async fn caught(&mut self, (a, _b): (u8, u8)) -> Result<u8, routine::Error> {
        self.0 += a;
        rest().await;
        Ok(self.0)
    }

    #[routine(in_place)]
    fn plain(&self, text: &mut String) -> &u8 {
        text.push('x');
        &self.0
    }
}

#[routine(in_place)]
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let count = Arc::new(AtomicUsize::new(0));
    unit(1, Arc::clone(&count));
    let _ = value(1, 2).await;
    let _ = fails(String::new()).await;
    let _ = question(String::new()).await;
    let _ = patterns((1, 2), 3, 4, Arc::new(5)).await;
    let _ = generic(1, "x").await.map(|text| text.to_string());
    let _ = blocking(Mutex::default()).await;
    never().abort();
    macros(1);
    let service = Arc::new(Service(1));
    let _ = Arc::clone(&service).shared().await;
    Arc::clone(&service).unused();
    let _ = service.borrows("x").await;
    let mut own = Service(2);
    let _ = own.caught((1, 2)).await;
    let mut text = String::new();
    let _ = own.plain(&mut text);
}
