//@ errors: 1
//@ says: `name` is a string, or an expression that makes one: `name = "import"`, `name = format!(..)`
//@ at: 24:18
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

#[routine(name = 5)] async fn a() {}
