//@ errors: 1
//@ says: `recover` with `in_place` must turn a panic into what the function returns, and `u8` cannot carry one
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

#[routine(in_place, recover)] async fn a() -> u8 { 1 }
