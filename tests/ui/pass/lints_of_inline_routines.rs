//! What `routine!` makes of its body raises no lint in the user's code.
#![deny(warnings, clippy::pedantic, clippy::nursery, rust_2018_idioms)]

use std::io;

use routine::routine;

async fn step() -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(1)
}

struct Server;

impl Server {
    async fn run(self) {
        tokio::task::yield_now().await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    routine! { step().await?; };
    routine! {
        use std::fmt::Write as _;
        const LIMIT: u8 = 3;
        let mut text = String::new();
        for _ in 0..LIMIT {
            write!(text, "{}", step().await?)?;
        }
        text
    };
    routine!(recover, name = "step", step());
    routine!(Server.run());
    routine!(name = format!("part {}", 1), fields(part = 1), async move { step().await? + 1 });
    routine!(|| std::fs::metadata(".").is_ok());
    routine!(|| {
        std::fs::metadata(".")?;
    });
    routine!(async || step().await?);
    let handle = routine! {
        if step().await? == 2 {
            return;
        }
        loop {
            if step().await? == 1 {
                break;
            }
        }
    };
    let value = routine! { <quiet, root, span = off, timeout = "1m"> match step().await? { 1 => step().await?, n => n } };
    handle.await.unwrap();
    value.await.unwrap();
    routine! { loop { step().await?; } }.abort();
}
