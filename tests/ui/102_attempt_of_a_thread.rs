//@ errors: 1
//@ says: `timeout` is for async work: a thread that blocks cannot be stopped from outside
//@ at: 18:28
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(retry(times = 3, timeout = "2s"))] fn a() -> io::Result<u8> { Ok(1) }
