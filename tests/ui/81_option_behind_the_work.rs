//@ errors: 1
//@ says: options come before the work, and one piece of work is run
//@ at: 20:35
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

async fn z() { routine!(async {}, recover); }
