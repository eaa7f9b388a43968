//@ errors: 1
//@ says: a routine must end in `()` or a `Result`, not `{integer}`
//@ at: 24:22
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

fn z() { routine::go(async { 5 }); }
