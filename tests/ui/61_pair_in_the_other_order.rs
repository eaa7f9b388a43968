//@ errors: 1
//@ says: `in_place` and `quiet` cannot be combined
//@ at: 18:18
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(quiet, in_place)] async fn a() {}
