//@ errors: 1
//@ says: give an attempt less time than the whole, or leave its `timeout` out: the outer one ends it anyway
//@ at: 18:44
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(timeout = "5s", retry(times = 3, timeout = "5s"))] async fn a() -> io::Result<u8> { rd().await }
