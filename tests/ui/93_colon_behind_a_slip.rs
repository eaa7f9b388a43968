//@ errors: 1
//@ says: unknown option `nmae`; did you mean `name`?
//@ at: 20:25
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { routine!(nmae: "x", unit()); }
