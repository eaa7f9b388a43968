//@ errors: 1
//@ says: expected `=`: `timeout = "5s"`
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

#[routine(timeout: "5s")] async fn a() {}
