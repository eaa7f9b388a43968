//@ errors: 1
//@ says: a duration of zero leaves no time at all
//@ at: 18:21
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(timeout = "0s")] async fn a() {}
