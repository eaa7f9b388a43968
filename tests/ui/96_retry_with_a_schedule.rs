//@ errors: 1
//@ says: `retry` with `every` is not available yet: use `routine::Retry` inside, or a function of its own
//@ at: 24:26
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

#[routine(every = "60s", retry(times = 3))] async fn a() -> io::Result<u8> { rd().await }
