//@ errors: 1
//@ says: doesn't implement `std::fmt::Display`
//@ at: 20:18
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

#[routine(fields(x))] async fn a(x: X) {}
