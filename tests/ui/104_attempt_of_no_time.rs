//@ errors: 1
//@ says: a duration of zero leaves no time at all
//@ at: 18:44
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine! { <retry(timeout = "0s")> rd().await?; }; }
