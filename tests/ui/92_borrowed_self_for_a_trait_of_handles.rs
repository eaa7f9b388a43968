//@ errors: 1
//@ says: so it cannot borrow `self`
//@ at: 20:86
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

struct X;

fn main() {}

trait T { fn a(&self) -> routine::Handle<u8>; } impl T for X { #[routine] async fn a(&self) -> u8 { 1 } }
