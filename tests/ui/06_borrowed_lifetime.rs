//@ errors: 1
//@ says: a routine outlives its caller, so it cannot borrow for `'a`: take it owned, in an `Arc`, or `'static`; `in_place` keeps borrowed arguments
//@ at: 24:47
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

#[routine] async fn a<'a>(s: std::borrow::Cow<'a, str>) {}
