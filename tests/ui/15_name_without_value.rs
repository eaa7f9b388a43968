//@ errors: 1
//@ says: `name` needs a value: `name = "import"`
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

#[routine(name)] async fn a() {}
