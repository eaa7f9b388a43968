//@ errors: 1
//@ says: give an attempt less time than the whole
//@ at: 18:42
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine!(retry(times = 3, timeout = "1h 30m"), timeout = "90m", rd()); }
