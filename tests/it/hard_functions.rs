//! Functions that are hard to rewrite: they compile, and do what they say.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::sync::{Arc, Mutex};

use routine::prelude::*;

type Text = Cow<'static, str>;

#[routine]
async fn generic<T: Display + Send + 'static, const N: usize>(values: [T; N]) -> Vec<String>
where
    T: Debug,
{
    values.iter().map(|value| format!("{value}/{value:?}")).collect()
}

#[routine]
async fn opaque(value: impl Display + Send + 'static) -> impl Display + Send {
    format!("<{value}>")
}

#[routine]
async fn patterns((a, mut b): (u8, u8), [c, ..]: [u8; 3], mut d: u8, _: String, _unused: u8) -> u8 {
    b += 1;
    d += 1;
    tokio::task::yield_now().await;
    a + b + c + d
}

/// Documented, and allowed.
#[routine]
#[allow(clippy::unused_async)]
pub(crate) async fn documented(#[allow(unused)] left: u8, #[cfg(any())] gone: NoSuchType) -> u8 {
    #![allow(clippy::let_and_return)]
    let right = 2;
    right
}

struct Service {
    base: u32,
}

impl Service {
    #[routine]
    async fn add(self: Arc<Self>, more: u32) -> u32 {
        tokio::task::yield_now().await;
        self.base + more
    }

    #[routine(name = format!("take {more}"))]
    async fn take(self, more: u32) -> (u32, String) {
        (self.base + more, routine::current().unwrap().name().to_owned())
    }
}

#[routine]
async fn factorial(number: u64) -> u64 {
    if number == 0 { 1 } else { number * factorial(number - 1).await.unwrap() }
}

#[routine]
async fn early(number: u8) -> Result<&'static str, routine::BoxError> {
    if number == 0 {
        return Err("zero".into());
    }
    let number: u8 = number.to_string().parse()?;
    if number > 9 {
        return Ok("large");
    }
    Ok("small")
}

#[routine]
async fn coerced() -> Box<dyn Debug + Send> {
    Box::new(5)
}

#[routine]
async fn io(path: String) -> std::io::Result<u64> {
    Ok(tokio::fs::metadata(path).await?.len())
}

type Outcome = Result<u8, std::fmt::Error>;
type OutcomeResult = Outcome;

#[routine]
async fn aliased() -> OutcomeResult {
    Ok(3)
}

#[routine]
async fn forever(ends: tokio::sync::oneshot::Receiver<()>) -> ! {
    let _ = ends.await;
    std::future::pending::<()>().await;
    loop {
        tokio::task::yield_now().await;
    }
}

#[routine]
fn blocking(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine]
async fn tail_borrows(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine(crate = ::routine)]
async fn shadows(__start: u8, __routine: u8) -> u8 {
    __start + __routine
}

#[routine]
async fn tracked(text: Text) -> usize {
    text.len()
}

struct DropsLast(Arc<Mutex<Vec<&'static str>>>);

impl Drop for DropsLast {
    fn drop(&mut self) {
        self.0.lock().unwrap().push("argument dropped");
    }
}

#[routine]
async fn keeps(_permit: DropsLast, seen: Arc<Mutex<Vec<&'static str>>>) {
    tokio::task::yield_now().await;
    seen.lock().unwrap().push("body ran");
}

#[tokio::test]
async fn they_do_what_they_say() {
    assert_eq!(generic([1, 2]).await.unwrap(), ["1/1", "2/2"]);
    assert_eq!(opaque(5).await.unwrap().to_string(), "<5>");
    assert_eq!(patterns((1, 2), [3, 0, 0], 4, String::new(), 0).await.unwrap(), 12);
    assert_eq!(documented(1).await.unwrap(), 2);
    assert_eq!(Arc::new(Service { base: 1 }).add(2).await.unwrap(), 3);
    assert_eq!(Service { base: 1 }.take(3).await.unwrap(), (4, "take 3".to_owned()));
    assert_eq!(factorial(10).await.unwrap(), 3_628_800);
    assert_eq!(early(12).await.unwrap(), "large");
    assert!(early(0).await.unwrap_err().to_string().ends_with("zero"));
    assert_eq!(format!("{:?}", coerced().await.unwrap()), "5");
    assert!(io("/no such file".to_owned()).await.unwrap_err().downcast_ref::<std::io::Error>().is_some());
    assert_eq!(aliased().await.unwrap(), 3);
    assert_eq!(blocking(Mutex::new(vec![1])).await.unwrap(), 1);
    assert_eq!(tail_borrows(Mutex::new(vec![1, 2])).await.unwrap(), 2);
    assert_eq!(shadows(1, 2).await.unwrap(), 3);
    assert_eq!(tracked("text".into()).await.unwrap(), 4);
    let (_end, ends) = tokio::sync::oneshot::channel();
    let forever = forever(ends);
    forever.abort();
    assert!(forever.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn an_unused_argument_lives_as_long_as_the_routine() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    keeps(DropsLast(Arc::clone(&seen)), Arc::clone(&seen)).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["body ran", "argument dropped"]);
}

#[tokio::test]
async fn the_spawn_site_is_the_caller_and_the_name_the_functions() {
    let line = line!() + 1;
    let handle = generic([1]);
    let snapshot = routine::snapshot();
    let seen = snapshot.get(handle.id()).unwrap();
    assert_eq!((seen.name(), seen.spawned_at()), ("generic", (file!(), line)));
    handle.await.unwrap();
}

#[tokio::test]
async fn a_routine_that_waits_shows_the_line() {
    let (_keep, ends) = tokio::sync::oneshot::channel::<()>();
    let line = line!() + 2;
    let handle = routine::routine!(async move {
        let _ = ends.await;
    });
    tokio::task::yield_now().await;
    let snapshot = routine::snapshot();
    assert_eq!(snapshot.get(handle.id()).unwrap().waits_at(), Some((file!(), line)));
    handle.abort();
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn a_handle_may_go_to_another_thread() {
    is_send(factorial(3)).await.unwrap();
}
