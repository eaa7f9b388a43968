//@ errors: 1
//@ says: a duration is a string with a unit: `timeout = "5s"`
//@ at: 18:52
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine!(retry(times = 3, timeout = 2), rd()); }
