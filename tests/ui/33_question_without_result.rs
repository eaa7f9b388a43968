//@ errors: 1
//@ says: `?` needs somewhere to send its error: give the function a return type, `-> Result<(), routine::BoxError>`
//@ at: 24:37
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

#[routine] async fn a() { rd().await?; }
