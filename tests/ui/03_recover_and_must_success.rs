//@ errors: 1
//@ says: `recover` and `must_success` cannot be combined: a routine either survives its panic or takes the process down with it; keep one
//@ at: 24:20
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

#[routine(recover, must_success)] async fn a() {}
