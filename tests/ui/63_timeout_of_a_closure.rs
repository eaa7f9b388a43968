//@ errors: 1
//@ says: `timeout` is for async work
//@ at: 18:25
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine!(timeout = "5s", || 5); }
