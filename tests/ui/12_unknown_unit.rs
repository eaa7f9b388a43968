//@ errors: 1
//@ says: `5 parsecs` is not a duration: unknown unit `parsecs`; write a number and a unit, such as `250ms`, `30s`, `5m`, `1h 30m`
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

#[routine(timeout = "5 parsecs")] async fn a() {}
