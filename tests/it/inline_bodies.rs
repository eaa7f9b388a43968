//! The forms that `routine!` takes, and what their syntax means: what is an option, what the future, what a `?` makes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use routine::{Handle, Policy, routine};

async fn step() -> io::Result<()> {
    tokio::task::yield_now().await;
    Ok(())
}

async fn number() -> io::Result<u32> {
    Ok(4)
}

fn name() -> String {
    routine::current().unwrap().name().to_owned()
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
async fn one_call_is_the_future_itself() {
    #[derive(Clone)]
    struct Server(u8);
    impl Server {
        async fn run(self) -> u8 {
            self.0
        }
    }
    let server = Server(9);
    let handle = routine!(server.clone().run());
    assert_eq!(handle.await.unwrap(), server.0);
}

#[tokio::test]
async fn options_stand_in_front() {
    let handle = routine!(recover, name = "refresh", async move { (name(), routine::current().unwrap().policy()) });
    assert_eq!(handle.await.unwrap(), ("refresh".to_owned(), Policy::Recover));
    let part = 3;
    let handle = routine!(name = format!("part {part}"), fields(part, of = 5), async { name() });
    assert_eq!(handle.await.unwrap(), "part 3");
}

#[tokio::test]
async fn options_stand_in_angle_brackets() {
    let handle = routine! { <recover, name = "card"> step().await?; name() };
    assert_eq!(handle.await.unwrap(), "card");
    let handle = routine! { <> step().await?; };
    handle.await.unwrap();
    let handle = routine! { <String as Default>::default().len() + 1 };
    assert_eq!(handle.await.unwrap(), 1);
}

#[tokio::test]
async fn one_call_is_named_after_what_it_calls_and_statements_after_where_they_are() {
    async fn outer() -> String {
        name()
    }
    let here = "one_call_is_named_after_what_it_calls_and_statements_after_where_they_are";
    assert_eq!(routine!(outer()).await.unwrap(), "outer");
    assert_eq!(routine! { let name = outer(); name.await }.await.unwrap(), here);
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

#[tokio::test]
async fn an_async_closure_is_a_body() {
    let text = String::from("kept");
    let handle = routine!(async move || {
        step().await?;
        text
    });
    assert_eq!(handle.await.unwrap(), "kept");
    let handle = routine!(async || -> Result<u8, io::Error> {
        step().await?;
        Ok(1)
    });
    assert_eq!(handle.await.unwrap(), 1);
}

#[tokio::test]
async fn a_closure_runs_on_the_blocking_pool() {
    let here = std::thread::current().id();
    let handle = routine!(name = "block", move || (std::thread::current().id() != here, name()));
    assert_eq!(handle.await.unwrap(), (true, "block".to_owned()));
}

#[tokio::test]
async fn a_statement_is_no_option() {
    let mut x = 1;
    let handle = routine! { x = x + 1; x };
    assert_eq!(handle.await.unwrap(), 2);
    let recover = async { 3 };
    assert_eq!(routine! { recover.await }.await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_it() {
    let handle = routine!(timeout = "50ms", async { std::future::pending::<()>().await });
    assert!(handle.await.unwrap_err().is_timeout());
    let handle = routine!(timeout = "1h", async { tokio::time::sleep(Duration::from_secs(5)).await });
    handle.await.unwrap();
}

#[tokio::test]
async fn root_starts_a_new_trace_and_quiet_belongs_to_the_holder() {
    let handle = routine! {
        let own = routine::trace::current().unwrap();
        let inner = routine!(root, async { routine::trace::current().unwrap().root() });
        own.root() == inner.await.unwrap()
    };
    assert!(!handle.await.unwrap());
    let handle = routine!(quiet, async { Err::<(), _>("mine") });
    assert!(handle.await.is_err());
}

mod renamed {
    use ::routine as other;

    #[tokio::test]
    async fn the_macro_knows_its_crate_under_any_name() {
        let handle = other::routine! { 5; };
        handle.await.unwrap();
    }
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

trait Runs {
    fn run() -> std::future::Ready<u8>;
}

impl Runs for Vec<u8> {
    fn run() -> std::future::Ready<u8> {
        std::future::ready(5)
    }
}

#[tokio::test]
async fn a_path_with_generics_of_its_own_is_no_list_of_options() {
    assert_eq!(routine!(<Vec<u8> as Runs>::run()).await.unwrap(), 5);
    let converted = routine! { <u8 as TryFrom<u16>>::try_from(1)?; };
    converted.await.unwrap();
}

#[allow(unused_assignments)]
#[tokio::test]
async fn a_variable_may_have_the_name_of_an_option() {
    let assigned = routine! {
        let mut name = 1;
        assert_eq!(name, 1);
        name = 2;
        name
    };
    assert_eq!(assigned.await.unwrap(), 2);
    let mut name = 1;
    let first = routine! { name = 2; tokio::task::yield_now().await; name };
    assert_eq!((first.await.unwrap(), name), (2, 1));
    name += 1;
    assert_eq!(name, 2);
}
