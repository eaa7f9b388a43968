//@ errors: 1
//@ says: `graceful` is not available yet
//@ at: 18:24
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(must_success(graceful = "10s"))] async fn a() {}
