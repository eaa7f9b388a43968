//@ errors: 1
//@ says: a duration is a string with a unit: `timeout = "5s"`
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

#[routine(timeout = 5)] async fn a() {}
