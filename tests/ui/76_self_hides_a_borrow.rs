//@ errors: 1
//@ at: 11:25
#![allow(unused)]

use routine::{prelude::*, routine};

struct Borrows<'a>(&'a str);

impl<'a> Borrows<'a> {
    #[routine]
    async fn a(self) -> usize { self.0.len() }
}

fn main() {}
