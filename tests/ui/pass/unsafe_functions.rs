//! A function keeps its `unsafe`, and its body asks for no more of it than before.
#![deny(warnings)]

use routine::prelude::*;

unsafe fn raw(n: u8) -> u8 {
    n
}

/// # Safety
/// None is needed.
#[routine]
async unsafe fn started(n: u8) -> u8 {
    // SAFETY: nothing to hold up.
    unsafe { raw(n) }
}

#[routine]
unsafe fn blocking(n: u8) -> u8 {
    // SAFETY: nothing to hold up.
    unsafe { raw(n) }
}

#[routine(in_place)]
async unsafe fn in_place(n: &u8) -> u8 {
    // SAFETY: nothing to hold up.
    unsafe { raw(*n) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // SAFETY: nothing to hold up.
    unsafe {
        assert_eq!(started(1).await.unwrap(), 1);
        assert_eq!(blocking(1).await.unwrap(), 1);
        assert_eq!(in_place(&1).await, 1);
    }
}
