//@ errors: 1
//@ says: this routine ends in a future that nobody awaits
//@ at: 18:27
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine! { rd().await; unit() }; }
