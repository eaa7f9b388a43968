//@ errors: 1
//@ says: `retry` needs a `Result`: without an error there is nothing to try again
//@ at: 18:55
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(retry(times = 3, base = "100ms"))] async fn a() {}
