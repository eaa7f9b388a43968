//@ errors: 1
//@ says: `#[routine(cron = ..)]` needs the feature `cron` of the crate `routine`
//@ at: 24:63
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

#[routine(cron = "0 3 * * *", tz = "Europe/Berlin")] async fn a() {}
