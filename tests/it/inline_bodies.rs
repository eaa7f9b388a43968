//! The bodies that `routine!` takes: what one may end in, and what a `?` makes of it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use routine::{Handle, routine};

async fn step() -> io::Result<()> {
    tokio::task::yield_now().await;
    Ok(())
}

async fn number() -> io::Result<u32> {
    Ok(4)
}

#[tokio::test]
async fn statements_are_a_body() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let handle = routine! {
        step().await?;
        seen.fetch_add(1, Ordering::Relaxed);
    };
    handle.await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_question_mark_makes_a_result() {
    let handle: Handle<u32> = routine! { let n = number().await?; n + 1 };
    assert_eq!(handle.await.unwrap(), 5);
    let handle: Handle<u32> = routine! { step().await?; number().await };
    assert_eq!(handle.await.unwrap(), 4);
    let handle: Handle<()> = routine! { if step().await.is_ok() { number().await?; } };
    handle.await.unwrap();
    let handle: Handle<()> = routine! { for _ in 0..2 { step().await?; } };
    handle.await.unwrap();
    let handle: Handle<u32> = routine! { match number().await? { 4 => number().await?, n => n } };
    assert_eq!(handle.await.unwrap(), 4);
    let handle: Handle<()> = routine! { if number().await? == 4 { return; } step().await?; };
    handle.await.unwrap();
    let handle: Handle<()> = routine! { step().await?; #[cfg(any())] return; };
    handle.await.unwrap();
    let handle: Handle<()> = routine! { loop { step().await?; return Err("enough".into()); } };
    assert!(handle.await.is_err());
    let handle: Handle<()> = routine! { println!("{}", number().await?); };
    handle.await.unwrap();
    let handle: Handle<(u32, u32)> = routine! { tokio::try_join!(number(), number())? };
    assert_eq!(handle.await.unwrap(), (4, 4));
}

#[tokio::test]
async fn a_nested_question_mark_is_its_own() {
    let handle: Handle<bool> = routine! {
        let inner = async { step().await?; number().await };
        let parse = |text: &str| -> Result<u8, std::num::ParseIntError> { Ok(text.parse::<u8>()?) };
        inner.await.is_ok() && parse("4").is_ok()
    };
    assert!(handle.await.unwrap());
}

#[tokio::test]
async fn a_plain_async_block_borrows_nothing_and_moves_nothing() {
    let handle = routine!(async {
        step().await?;
        number().await
    });
    assert_eq!(handle.await.unwrap(), 4);
}

async fn read() -> std::io::Result<u8> {
    Ok(1)
}

#[derive(Debug, PartialEq)]
struct Pair {
    x: u8,
}

#[tokio::test]
async fn a_loop_that_a_macro_ends_has_no_value_of_its_own() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<u8>(4);
    sender.send(1).await.unwrap();
    let inside = routine! {
        loop {
            tokio::select! {
                biased;
                message = receiver.recv() => match message {
                    Some(_) => { read().await?; }
                    None => break,
                },
                () = routine::cancelled() => break,
            }
        }
    };
    drop(sender);
    inside.await.unwrap();

    let before = routine! {
        loop {
            read().await?;
            tokio::select! { () = std::future::ready(()) => break }
        }
    };
    before.await.unwrap();
}

#[tokio::test]
async fn a_return_inside_a_select_ends_a_body_with_a_question_mark() {
    let (stop, mut stopped) = tokio::sync::mpsc::channel::<Option<u8>>(1);
    let background = routine! {
        loop {
            read().await?;
            tokio::select! {
                biased;
                told = stopped.recv() => match told {
                    Some(Some(1 | 2)) | None => return,
                    Some(Some(_)) => {
                        if [1].iter().any(|x| { if *x == 1 { return true; } false }) {
                            return;
                        }
                    }
                    Some(None) => return Err(std::io::Error::other("none").into()),
                },
                () = async { if stopped_by_itself() { return; } std::future::pending::<()>().await } => {},
            }
        }
    };
    stop.send(Some(3)).await.unwrap();
    background.await.unwrap();
}

fn stopped_by_itself() -> bool {
    false
}

#[tokio::test]
async fn a_struct_literal_may_be_the_value_of_a_body_with_a_question_mark() {
    let pair = routine! { let x = read().await?; Pair { x } };
    assert_eq!(pair.await.unwrap(), Pair { x: 1 });
    let shifted = routine! { let x = read().await?; Pair { x }.x + 1 };
    assert_eq!(shifted.await.unwrap(), 2);
    let blocking = routine!(|| {
        let x = u8::try_from(1_u16)?;
        Pair { x }
    });
    assert_eq!(blocking.await.unwrap(), Pair { x: 1 });
}

#[allow(unused_assignments)]
#[tokio::test]
async fn an_assignment_may_be_the_end_of_a_body_with_a_question_mark() {
    let assigned = routine! {
        let mut x = read().await?;
        tokio::task::yield_now().await;
        assert_eq!(x, 1);
        x = 2
    };
    assigned.await.unwrap();
}

#[tokio::test]
async fn a_body_may_end_in_anything() {
    let () = routine! { std::future::ready(()).await }.await.unwrap();
    let value: Option<u8> = routine!(async { None }).await.unwrap();
    assert_eq!(value, None);
    let boxed = routine! { if number().await? == 4 { return Err("open".into()); } };
    assert!(boxed.await.unwrap_err().to_string().ends_with("open"));
    let typed = routine!(async { Err::<(), _>(io::Error::other("typed")) });
    assert!(typed.await.unwrap_err().downcast_ref::<io::Error>().is_some());
    let matched = routine! {
        match number().await? {
            4 => Ok(10),
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
