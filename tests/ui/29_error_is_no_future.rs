//@ errors: 1
//@ says: `routine!` takes a future, a closure, or statements, not `Result<(), NotErr>`
//@ at: 24:27
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

async fn z() { routine! { Err::<(), _>(NotErr) }; }
