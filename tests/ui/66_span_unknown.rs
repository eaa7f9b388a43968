//@ errors: 1
//@ says: `span` is `child`, `follows` or `off`
//@ at: 18:18
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(span = parent)] async fn a() {}
