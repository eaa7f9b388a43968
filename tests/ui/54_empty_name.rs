//@ errors: 1
//@ says: a routine's name cannot be empty; leave `name` out to use the function's name
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

#[routine(name = "")] async fn a() {}
