//@ errors: 1
//@ says: `awaits` is on unless it is turned off: `awaits = false`
//@ at: 18:20
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(awaits = true)] async fn a() {}
