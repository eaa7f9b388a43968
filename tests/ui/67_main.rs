//@ errors: 1
//@ says: `main` cannot be a routine
//@ at: 18:65
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

mod inner { use super::*; #[routine::prelude::routine] async fn main() {} }
