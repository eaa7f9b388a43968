//! The forms that `routine!` takes: what is an option, what the future, and what it is named after.

use std::io;

use routine::{Handle, Policy, routine};
use routine_tests::{capture, records};

async fn step() -> io::Result<u8> {
    Ok(1)
}

async fn unit() {}

fn name() -> String {
    routine::current().unwrap().name().to_owned()
}

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
