//@ errors: 1
//@ says: a routine cannot be an `extern` function; call one from a plain function
//@ at: 24:12
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

#[routine] extern "C" fn a() {}
