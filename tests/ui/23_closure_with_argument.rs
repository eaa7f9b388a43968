//@ errors: 1
//@ says: a routine's closure takes no arguments; it captures what it needs
//@ at: 24:26
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

async fn z() { routine!(|x: u8| x); }
