//@ errors: 1
//@ says: a routine must end in `()` or a `Result`, not `QueryResult`
//@ at: 18:48
#![allow(unused)]

use std::io;

use routine::{prelude::*, routine};

async fn unit() {}

async fn rd() -> io::Result<u8> {
    Ok(1)
}

fn main() {}

struct QueryResult; #[routine] async fn a() -> QueryResult { QueryResult }
