//@ errors: 1
//@ says: `NotErr` cannot be the error of a routine
//@ at: 24:28
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

#[routine] async fn a() -> Result<(), NotErr> { Ok(()) }
