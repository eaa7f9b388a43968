//@ errors: 1
//@ says: this routine ends in a future that nobody awaits
//@ shows: a handle's routine then runs on by itself
//@ at: 21:27
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { routine! { rd().await; routine!(unit()) }; }
