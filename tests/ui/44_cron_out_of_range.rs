//@ errors: 1
//@ says: `61` is no minute; it goes from 0 to 59
//@ at: 24:18
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

#[routine(cron = "0 61 * * * *")] async fn a() {}
