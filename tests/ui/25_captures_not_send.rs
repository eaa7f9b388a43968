//@ errors: 1
//@ at: 23:47
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

async fn z() { let r = Rc::new(1); routine! { unit().await; println!("{r}"); } ; }
