//@ errors: 1
//@ says: a field's value is shown with `Display`; write `v = format!("{v:?}")`
//@ at: 20:18
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

#[routine(fields(?v))] async fn a(v: u8) {}
