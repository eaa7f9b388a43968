//@ errors: 1
//@ says: unreachable statement
//@ at: 19:51
#![allow(unused)]
#![deny(unreachable_code)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

async fn z() { routine! { return Err("x".into()); rd().await?; }; }
