//@ errors: 1
//@ says: `phase` is a number from 0 to 255: `phase = 1`
//@ at: 18:19
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(phase = 256)] async fn a() {}
