//@ errors: 1
//@ says: is a `Result` under another name
//@ at: 24:62
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

type Out = Result<u8, io::Error>; #[routine] async fn a() -> Out { rd().await }
