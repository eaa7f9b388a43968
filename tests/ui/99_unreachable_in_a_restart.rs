//@ errors: 1
//@ says: unreachable statement
//@ at: 19:68
#![allow(unused)]
#![deny(unreachable_code)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(restart(max = 1))] async fn a() { loop { unit().await; } let n = 1; }
