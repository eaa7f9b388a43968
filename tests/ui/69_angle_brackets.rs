//@ errors: 1
//@ says: unknown option `recovr`; did you mean `recover`?
//@ at: 18:28
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine! { <recovr> unit().await; }; }
