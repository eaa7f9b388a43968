//! An expansion names everything by its full path.
#![no_implicit_prelude]
#![deny(warnings)]

use ::routine::{prelude::*, routine};
use ::std::result::Result::{self, Err, Ok};

struct Option;
struct Some;
mod core {}
mod std {}

#[routine(recover, timeout = "1s", fields(n))]
async fn started(n: u8) -> Result<u8, ::std::io::Error> {
    if n == 0 {
        return Err(::std::io::Error::other("zero"));
    }
    Ok(n)
}

#[routine]
fn blocking() {}

#[routine(in_place, recover)]
async fn in_place(n: &u8) -> Result<u8, ::routine::Error> {
    ::tokio::task::yield_now().await;
    Ok(*n)
}

fn main() {
    let runtime = ::tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let _ = (Option, Some);
        let _ = started(1).await;
        let _ = blocking().await;
        let _ = in_place(&1).await;
        let _ = routine! { started(1).await?; }.await;
        let _ = routine! { started(1).await? + 1 }.await;
        let _ = routine!(|| 5).await;
    });
}
