//! Functions and bodies that a macro of the user's makes.
#![deny(warnings)]

use routine::{prelude::*, routine};

macro_rules! job {
    ($(#[$meta:meta])* $vis:vis $name:ident($arg:ident: $ty:ty) -> $out:ty $body:block) => {
        $(#[$meta])*
        #[routine(name = concat!("job ", stringify!($name)))]
        $vis async fn $name($arg: $ty) -> $out $body
    };
}

job! {
    /// Doubles.
    #[must_use]
    pub(crate) double(n: u8) -> u8 {
        tokio::task::yield_now().await;
        n * 2
    }
}

job!(parse(text: String) -> Result<u8, routine::BoxError> { Ok(text.parse()?) });

macro_rules! named {
    ($name:literal, $time:literal, $work:expr) => {
        routine!(name = $name, timeout = $time, $work)
    };
}

macro_rules! statements {
    ($($body:tt)*) => {
        routine! { $($body)* }
    };
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(double(2).await.unwrap(), 4);
    assert_eq!(parse("4".to_owned()).await.unwrap(), 4);
    assert_eq!(named!("named", "1s", async { 5 }).await.unwrap(), 5);
    assert_eq!(named!("named", "1s", double(1)).await.unwrap(), 2);
    assert_eq!(statements! { let n = double(1).await?; n + 1 }.await.unwrap(), 3);
}
