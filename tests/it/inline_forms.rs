//! The forms of `routine!`, and what a body may end in.

use std::io;

use routine::{Handle, routine};
use routine_tests::{capture, records};

async fn step() -> io::Result<u8> {
    Ok(1)
}

async fn unit() {}

#[tokio::test]
async fn every_form_of_work() {
    routine! { step().await?; };
    let statements: Handle<u8> = routine! {
        let one = step().await?;
        one + 1
    };
    assert_eq!(statements.await.unwrap(), 2);
    assert_eq!(routine!(async { 3 }).await.unwrap(), 3);
    assert_eq!(routine!(async || 4).await.unwrap(), 4);
    assert_eq!(routine!(|| 5).await.unwrap(), 5);
    assert_eq!(routine!(step()).await.unwrap(), 1);
    let future = unit();
    routine!(future).await.unwrap();
    assert_eq!(routine!(name = "six", async move { 6 }).await.unwrap(), 6);
    let angled =
        routine! { <recover, name = "seven"> let current = routine::current(); current.unwrap().name().to_owned() };
    assert_eq!(angled.await.unwrap(), "seven");
    let block = routine!({
        unit().await;
        8
    });
    assert_eq!(block.await.unwrap(), 8);
}

#[tokio::test]
async fn a_body_may_end_in_anything() {
    let () = routine! { unit().await }.await.unwrap();
    let value: Option<u8> = routine!(async { None }).await.unwrap();
    assert_eq!(value, None);
    let boxed = routine! { if step().await? == 1 { return Err("open".into()); } };
    assert!(boxed.await.unwrap_err().to_string().ends_with("open"));
    let typed = routine!(async { Err::<(), _>(io::Error::other("typed")) });
    assert!(typed.await.unwrap_err().downcast_ref::<io::Error>().is_some());
    let matched = routine! {
        match step().await? {
            1 => Ok(10),
            _ => Err(io::Error::other("no")),
        }
    };
    assert_eq!(matched.await.unwrap(), 10);
    let never = routine!(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    never.abort();
    assert!(never.await.unwrap_err().is_cancelled());
    let failing = routine! { loop { step().await?; Err(io::Error::other("ends"))?; } };
    assert!(failing.await.is_err());
}

#[tokio::test]
async fn the_options_do_what_they_say() {
    capture();
    let size = 3;
    let handle = routine!(recover, fields(size, file = "a.csv"), root, async move { Err::<(), _>("bad") });
    let root = handle.trace().root();
    assert!(handle.await.is_err());
    assert_eq!(records(root)[0].field("routine.fields"), "size=3 file=a.csv");
    assert_eq!(records(root)[0].field("routine.policy"), "recover");
    let quiet = routine!(quiet, async { Err::<(), _>("bad") });
    let root = quiet.trace().root();
    assert!(quiet.await.is_err());
    assert!(records(root).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_it() {
    capture();
    let handle = routine!(timeout = "1m 30s", std::future::pending::<()>());
    let started = tokio::time::Instant::now();
    assert!(handle.await.unwrap_err().is_timeout());
    assert_eq!(started.elapsed().as_secs(), 90);
}

#[tokio::test]
async fn it_is_named_after_the_function_it_is_written_in() {
    let handle = routine!(async { routine::current().unwrap().name().to_owned() });
    assert_eq!(handle.await.unwrap(), "it_is_named_after_the_function_it_is_written_in");
}
