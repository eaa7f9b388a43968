//@ errors: 1
//@ says: expected `=`: `name = "x"`
//@ at: 20:29
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { routine!(name: "x", unit()); }
