//@ renamed
//! The crate under another name.
#![deny(warnings)]

use other::{prelude::*, routine};

mod reexport {
    pub(crate) use other as again;
}

#[routine(crate = ::other)]
async fn started(n: u8) -> u8 {
    n
}

#[routine(crate = crate::reexport::again, in_place)]
async fn in_place(n: &u8) -> u8 {
    *n
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    started(1).await.unwrap();
    in_place(&1).await;
    routine! { started(1).await?; }.await.unwrap();
    other::routine!(|| 5).await.unwrap();
}
