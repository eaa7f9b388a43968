//@ errors: 1
//@ says: `pool` is not available yet: hand the future to the pool, `pool.submit(work()).await`
//@ at: 18:11
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(pool = POOL)] async fn a() {}
