//@ errors: 1
//@ says: a field's value is shown with `Display`; write `v = format!("{v:?}")`
//@ at: 20:47
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { let v = 1; routine!(fields(v = ?v), unit()); }
