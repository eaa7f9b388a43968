//@ errors: 1
//@ says: `#[routine]` needs a body; put it on the function in the `impl`, or on a method with a default body
//@ at: 24:41
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

trait T { #[routine(in_place)] async fn a(&self); }
