//@ errors: 1
//@ says: `every` is for functions
//@ at: 18:25
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine!(every = "5s", unit()); }
