//@ errors: 1
//@ at: 14:31
#![allow(unused)]

use routine::{prelude::*, routine};

mod older {
    #![allow(elided_lifetimes_in_paths)]
    use routine::prelude::*;

    struct Borrows<'a>(&'a str);

    #[routine]
    async fn a(b: Borrows) -> usize { b.0.len() }
}

fn main() {}
