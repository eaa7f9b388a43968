//@ errors: 1
//@ says: a scheduled function takes no arguments: each run starts with none
//@ at: 24:38
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

#[routine(every = "60s")] async fn a(n: u8) {}
