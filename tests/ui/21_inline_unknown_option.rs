//@ errors: 1
//@ says: unknown option `recovr`; did you mean `recover`?
//@ at: 24:25
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

async fn z() { routine!(recovr, unit()); }
