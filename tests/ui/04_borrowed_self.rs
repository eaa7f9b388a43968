//@ errors: 1
//@ says: a routine outlives its caller, so it cannot borrow `self`: take `self: Arc<Self>`, or keep the method as it is with `#[routine(in_place)]`
//@ at: 24:42
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

struct T; impl T { #[routine] async fn a(&self) -> u8 { 1 } } async fn b() -> u8 { T.a().await.unwrap() }
