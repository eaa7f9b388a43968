//@ errors: 1
//@ says: unknown option `blocking`; a plain `fn`, or `|| ..` in `routine!`, runs on the blocking pool
//@ at: 18:11
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

#[routine(blocking)] fn a() {}
