//@ errors: 1
//@ says: `#[routine]` is given twice; put all options into one
//@ at: 20:14
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

#[routine] #[routine(recover)] async fn a() {}
