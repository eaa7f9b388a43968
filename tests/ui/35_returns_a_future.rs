//@ errors: 1
//@ says: a function that returns a future is already asynchronous: write it as `async fn`, or use `in_place`
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

#[routine] fn a() -> impl Future<Output = ()> { unit() }
