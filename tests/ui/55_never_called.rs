//@ errors: 1
//@ at: 9:10
#![deny(dead_code)]

use routine::prelude::*;

#[routine]
#[inline]
async fn unit() {}

fn main() {}
