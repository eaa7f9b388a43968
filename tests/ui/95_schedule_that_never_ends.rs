//@ errors: 1
//@ says: a run that never ends leaves no time for the next; leave the schedule out
//@ at: 24:43
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

#[routine(every = "60s")] async fn a() -> ! { loop { unit().await } }
