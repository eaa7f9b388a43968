//@ errors: 1
//@ says: expected an option, such as `name = "x"`
//@ at: 24:11
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

#[routine("x")] async fn a() {}
