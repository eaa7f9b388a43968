//@ errors: 1
//@ says: `#[routine]` is given twice; put all options into one
//@ at: 20:24
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

#[routine(in_place)] #[routine] async fn a() {} async fn b() { a().await }
