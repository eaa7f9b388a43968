//@ errors: 1
//@ says: the trait bound `NotErr: Clone` is not satisfied
//@ at: 24:44
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

#[routine(retry(times = 3))] async fn a(n: NotErr) -> io::Result<u8> { drop(n); rd().await }
