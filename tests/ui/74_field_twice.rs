//@ errors: 1
//@ says: the field `a` is given twice
//@ at: 18:25
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(fields(a = 1, a = 2))] async fn a() {}
