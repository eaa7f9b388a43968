//@ errors: 1
//@ says: `in_place` and `retry` cannot be combined: a function in place runs once for each call; retry inside with `routine::Retry::run`, or start the function
//@ at: 24:21
#![allow(unused)]

use std::io;
use std::rc::Rc;

use routine::{prelude::*, routine};

struct S;

#[derive(Debug)]
struct NotErr;

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(in_place, retry(times = 3))] async fn a() -> io::Result<u8> { rd().await }
