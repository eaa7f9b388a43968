//@ errors: 1
//@ says: `timeout` is for async work: a thread that blocks cannot be stopped from outside
//@ at: 18:11
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(timeout = "5s")] fn a() {}
