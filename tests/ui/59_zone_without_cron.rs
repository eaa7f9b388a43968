//@ errors: 1
//@ says: `tz` is the zone of a cron line: add `cron = ".."`
//@ at: 18:11
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(tz = "Europe/Berlin")] async fn a() {}
