//@ errors: 1
//@ says: unreachable statement
//@ at: 19:64
#![allow(unused)]
#![deny(unreachable_code)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine] async fn a() -> io::Result<u8> { return rd().await; unit().await; Ok(1) }
