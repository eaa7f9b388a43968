//@ errors: 1
//@ says: expected `=`: `n = 1`
//@ at: 20:33
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { routine!(fields(n: 1), unit()); }
