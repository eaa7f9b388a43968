//@ errors: 1
//@ says: doesn't implement `std::fmt::Display`
//@ at: 20:36
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { routine!(fields(x = X), unit()); }
