//@ errors: 1
//@ says: unknown setting `tims` of `retry`; did you mean `times`?
//@ at: 18:17
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(retry(tims = 3))] async fn a() {}
