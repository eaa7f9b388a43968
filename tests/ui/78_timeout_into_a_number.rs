//@ errors: 1
//@ says: `timeout` with `in_place` must turn a time that ran out into what the function returns, and `u8` cannot carry one
//@ at: 24:54
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

#[routine(in_place, timeout = "5s")] async fn a() -> u8 { 1 }
