//@ edition: 2024, 2021, 2018
//! A body that never comes to its end raises no lint, whether its type says so or not.
#![deny(warnings, clippy::pedantic, clippy::nursery)]
#![allow(clippy::missing_errors_doc, clippy::unused_async, clippy::infinite_loop)]
// It is theirs to write.
#![allow(clippy::needless_return, clippy::todo, clippy::missing_panics_doc, clippy::unused_self)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use routine::{BoxError, Schedule, prelude::*, routine};

async fn step() {
    tokio::task::yield_now().await;
}

async fn read() -> io::Result<u8> {
    step().await;
    Ok(1)
}

#[routine]
async fn unit() {
    loop {
        step().await;
    }
}

#[routine]
async fn unit_says_so() -> () {
    loop {
        step().await;
    }
}

#[routine]
async fn value(start: u8) -> u8 {
    let mut n = start;
    loop {
        step().await;
        n = n.wrapping_add(1);
    }
}

#[routine]
async fn result() -> Result<(), BoxError> {
    loop {
        read().await?;
    }
}

#[routine]
async fn returns_an_error(n: u8) -> io::Result<u8> {
    if n == read().await? {
        return Ok(n);
    }
    return Err(io::Error::other("it is not"));
}

#[routine]
async fn returns(n: u8) -> u8 {
    step().await;
    return n;
}

#[routine]
async fn panics() {
    step().await;
    panic!("it does")
}

#[routine]
async fn panics_for_a_value() -> Result<String, io::Error> {
    step().await;
    unreachable!()
}

#[routine]
async fn is_to_be_written() -> impl std::fmt::Display {
    if read().await.is_ok() {
        return 1;
    }
    todo!()
}

#[routine]
async fn exits() {
    step().await;
    std::process::exit(1)
}

#[routine]
async fn exits_for_a_result() -> io::Result<()> {
    step().await;
    std::process::exit(1);
}

#[routine]
async fn every_branch_returns(n: u8) -> io::Result<u8> {
    match read().await? {
        1 => return Ok(n),
        _ => return Err(io::Error::other("it is not")),
    }
}

#[routine]
fn blocks() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[routine]
fn blocks_for_a_result(n: u8) -> io::Result<u8> {
    if n > 1 {
        return Ok(n);
    }
    return Err(io::Error::other("it is not"));
}

#[routine]
fn blocks_and_panics() -> u8 {
    panic!("it does")
}

#[routine]
fn blocks_and_exits() {
    std::process::exit(1)
}

#[routine(recover, name = format!("part {n}"), fields(n), quiet, root, span = follows, phase = 1)]
async fn options(n: u8, (left, _): (u8, u8)) {
    loop {
        println!("{n} {left}");
        step().await;
    }
}

#[routine(timeout = "1m", awaits = false)]
async fn in_time() -> io::Result<()> {
    loop {
        read().await?;
    }
}

#[routine(must_success(graceful = "1s"))]
async fn must() -> Result<(), BoxError> {
    loop {
        read().await?;
    }
}

#[routine(every = "1s")]
async fn scheduled() {
    loop {
        step().await;
    }
}

#[routine(every = "1s", after = "5s")]
async fn scheduled_and_fails() -> io::Result<()> {
    read().await?;
    return Err(io::Error::other("it always does"));
}

#[routine(every = "1s")]
fn scheduled_on_a_thread() {
    panic!("it does")
}

#[routine(after = "1s")]
async fn late() {
    loop {
        step().await;
    }
}

#[routine(after = "1s")]
async fn late_value() -> u8 {
    loop {
        step().await;
    }
}

#[routine(after = "1s")]
fn late_on_a_thread() -> u8 {
    std::process::exit(1)
}

#[routine(retry(times = 3), timeout = "1m")]
async fn tried(n: u8) -> Result<u8, BoxError> {
    loop {
        println!("{n}");
        read().await?;
    }
}

#[routine(retry(times = 3))]
fn tried_on_a_thread() -> io::Result<()> {
    return Err(io::Error::other("it always does"));
}

#[routine(restart(max = 1))]
async fn restarted() {
    loop {
        step().await;
    }
}

#[routine(restart(within = "1m"), must_success)]
async fn restarted_after_an_error() -> Result<(), BoxError> {
    loop {
        read().await?;
    }
}

#[routine(restart(within = "1h"))]
fn restarted_on_a_thread() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[routine(in_place)]
async fn in_place() {
    loop {
        step().await;
    }
}

#[routine(in_place, recover)]
async fn in_place_result() -> Result<(), BoxError> {
    loop {
        read().await?;
    }
}

#[routine(in_place, timeout = "1m")]
async fn in_place_error(n: u8) -> Result<u8, BoxError> {
    if n == read().await? {
        return Ok(n);
    }
    return Err("it is not".into());
}

#[routine(in_place)]
async fn in_place_panics() -> u8 {
    step().await;
    panic!("it does")
}

#[routine(in_place)]
fn in_place_blocks() -> io::Result<()> {
    return Err(io::Error::other("it always does"));
}

#[routine(in_place)]
fn in_place_exits() -> u8 {
    std::process::exit(1)
}

#[routine(in_place)]
fn in_place_boxed() -> std::pin::Pin<Box<dyn std::future::Future<Output = io::Result<u8>> + Send>> {
    Box::pin(async move {
        loop {
            read().await?;
        }
    })
}

struct Service;

impl Service {
    #[routine]
    async fn run(self: Arc<Self>) {
        loop {
            self.step().await;
        }
    }

    #[routine(restart(max = 5, within = "1m"))]
    async fn run_again(self: Arc<Self>, n: u8) -> io::Result<()> {
        loop {
            println!("{n}");
            self.step().await;
            read().await?;
        }
    }

    #[routine(in_place)]
    async fn run_here(&self) {
        loop {
            self.step().await;
        }
    }

    async fn step(&self) {
        step().await;
    }
}

fn inline(n: u8) {
    routine! { loop { step().await; } };
    routine! { loop { read().await?; } };
    routine! { loop { read().await?; }; };
    routine! { read().await?; loop { step().await; } };
    routine! { read().await?; panic!("it does") };
    routine! { read().await?; panic!("it does"); };
    routine! { read().await?; std::process::exit(1) };
    routine! { read().await?; std::process::exit(1); };
    routine! {
        if read().await? == n {
            return Ok(n);
        }
        return Err("it is not".into());
    };
    routine! { match read().await? { 1 => return Ok(1), _ => return Err("it is not".into()) } };
    routine! { step().await; panic!("it does") };
    routine! { step().await; todo!(); };
    routine! { step().await; std::process::exit(1); };
    routine! { <recover, name = "inline", timeout = "1m"> loop { read().await?; } };
    routine!(quiet, async move { loop { step().await; } });
    routine!(async || loop { step().await; });
    routine!(async || -> Result<u8, BoxError> { loop { read().await?; } });
    routine!(|| loop { std::thread::yield_now(); });
    routine!(|| -> u8 { panic!("it does") });
    routine!(|| { std::fs::metadata(".")?; panic!("it does") });
    routine!(|| { std::fs::metadata(".")?; loop { std::thread::yield_now(); } });
    routine!(|| { std::fs::metadata(".")?; return Err("it always does".into()); });
    routine! { <restart(max = 1)> loop { step().await; } };
    routine! { <restart(max = 1)> loop { read().await?; } };
    routine! { <restart(max = 1)> read().await?; panic!("it does") };
    routine! { <retry(times = 3)> loop { read().await?; } };
    routine!(restart(max = 1), || async { loop { step().await; } });
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    unit().abort();
    unit_says_so().abort();
    value(1).abort();
    result().abort();
    returns_an_error(1).abort();
    returns(1).abort();
    panics().abort();
    panics_for_a_value().abort();
    is_to_be_written().abort();
    exits().abort();
    exits_for_a_result().abort();
    every_branch_returns(1).abort();
    blocks().abort();
    blocks_for_a_result(1).abort();
    blocks_and_panics().abort();
    blocks_and_exits().abort();
    options(1, (2, 3)).abort();
    in_time().abort();
    must().abort();
    let _: [Schedule; 3] = [scheduled(), scheduled_and_fails(), scheduled_on_a_thread()];
    late().abort();
    late_value().abort();
    late_on_a_thread().abort();
    tried(1).abort();
    tried_on_a_thread().abort();
    restarted().abort();
    restarted_after_an_error().abort();
    restarted_on_a_thread().abort();
    Arc::new(Service).run().abort();
    Arc::new(Service).run_again(1).abort();
    inline(1);
    let _ = tokio::time::timeout(Duration::from_secs(1), async {
        in_place().await;
        let _ = in_place_result().await;
        let _ = in_place_error(1).await;
        in_place_panics().await;
        let _ = in_place_blocks();
        in_place_exits();
        let _ = in_place_boxed().await;
        Service.run_here().await;
    })
    .await;
}
