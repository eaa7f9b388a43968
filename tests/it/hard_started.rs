//! Functions that are hard to wrap, started: each compiles, and does what its body says.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use routine::prelude::*;
use routine::{BoxError, Error, Handle};

async fn rest() {
    tokio::task::yield_now().await;
}

fn name() -> String {
    routine::current().unwrap().name().to_owned()
}

#[routine]
async fn generic<T: Display + Send + 'static, const N: usize>(parts: [T; N]) -> String
where
    T: Clone,
{
    rest().await;
    parts.iter().map(ToString::to_string).collect()
}

#[routine]
async fn impl_argument(parts: impl IntoIterator<Item = u8, IntoIter: Send> + Send + 'static) -> u32 {
    let parts = parts.into_iter();
    rest().await;
    parts.map(u32::from).sum()
}

#[routine]
async fn impl_return(n: u8) -> impl Display + Send {
    rest().await;
    n * 2
}

#[routine]
async fn result_of_impl(n: u8) -> Result<impl Display + Send, io::Error> {
    rest().await;
    Ok(n * 2)
}

#[routine]
async fn patterns((a, mut b): (u8, u8), [c, ..]: [u8; 3], mut d: u8, _: u8, Wrapper { inner, .. }: Wrapper) -> u8 {
    b += 1;
    d += 1;
    rest().await;
    a + b + c + d + inner
}

pub(super) struct Wrapper {
    pub(super) inner: u8,
    pub(super) _other: u8,
}

#[tokio::test]
async fn generics_and_patterns() {
    assert_eq!(generic(["a", "b"]).await.unwrap(), "ab");
    assert_eq!(impl_argument(vec![1, 2, 3]).await.unwrap(), 6);
    assert_eq!(impl_return(4).await.unwrap().to_string(), "8");
    assert_eq!(result_of_impl(4).await.unwrap().to_string(), "8");
    assert_eq!(patterns((1, 2), [3, 0, 0], 4, 5, Wrapper { inner: 6, _other: 7 }).await.unwrap(), 1 + 3 + 3 + 5 + 6);
}

struct Server {
    hits: AtomicUsize,
}

impl Server {
    #[routine]
    async fn shared(self: Arc<Self>, by: usize) -> usize {
        rest().await;
        self.hits.fetch_add(by, Ordering::Relaxed) + by
    }

    #[routine]
    async fn owned(mut self) -> usize {
        *self.hits.get_mut() += 1;
        rest().await;
        self.hits.into_inner()
    }

    #[routine]
    async fn associated(this: Arc<Self>) -> Arc<Self> {
        Self::helper().await;
        this
    }

    async fn helper() {}

    #[routine]
    fn blocking(self: Box<Self>) -> Result<usize, io::Error> {
        std::fs::metadata(".")?;
        Ok(self.hits.into_inner())
    }
}

#[tokio::test]
async fn receivers() {
    let server = Arc::new(Server { hits: AtomicUsize::new(1) });
    assert_eq!(Arc::clone(&server).shared(2).await.unwrap(), 3);
    let server = Server::associated(server).await.unwrap();
    assert_eq!(Arc::into_inner(server).unwrap().owned().await.unwrap(), 4);
    assert_eq!(Box::new(Server { hits: AtomicUsize::new(8) }).blocking().await.unwrap(), 8);
}

/// Counts down.
#[routine]
#[must_use]
#[inline]
pub(crate) async fn recursion(n: u8) -> Result<u8, Error> {
    if n == 0 { Ok(0) } else { Ok(recursion(n - 1).await? + 1) }
}

#[routine]
async fn detached_recursion(n: usize, seen: Arc<AtomicUsize>) {
    seen.fetch_add(1, Ordering::Relaxed);
    if n > 0 {
        detached_recursion(n - 1, seen).await.unwrap();
    }
}

#[tokio::test]
async fn a_function_may_start_itself() {
    assert_eq!(recursion(5).await.unwrap(), 5);
    let seen = Arc::new(AtomicUsize::new(0));
    detached_recursion(4, Arc::clone(&seen)).await.unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 5);
}

#[routine]
#[allow(unused_variables)]
async fn attributes(#[cfg(any())] never: Missing, #[cfg(test)] n: u8, #[allow(unused_mut)] mut m: u8) -> u8 {
    #![allow(unused_assignments)]
    let mut x = 1;
    #[cfg(any())]
    missing().await;
    #[cfg(test)]
    rest().await;
    x = n;
    x
}

#[tokio::test]
async fn attributes_hold() {
    assert_eq!(attributes(4, 5).await.unwrap(), 4);
}

#[routine]
async fn coerced(n: u8) -> Box<dyn Debug + Send> {
    if n == 0 {
        return Box::new("none");
    }
    Box::new(n)
}

#[routine]
async fn last_borrows(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine]
fn last_borrows_blocking(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[routine]
async fn last_clears(values: Arc<Mutex<Vec<u8>>>) {
    values.lock().unwrap().clear()
}

#[tokio::test]
async fn bodies_that_lean_on_their_signature() {
    assert_eq!(format!("{:?}", coerced(0).await.unwrap()), "\"none\"");
    assert_eq!(format!("{:?}", coerced(1).await.unwrap()), "1");
    assert_eq!(last_borrows(Mutex::new(vec![1, 2])).await.unwrap(), 2);
    assert_eq!(last_borrows_blocking(Mutex::new(vec![1, 2])).await.unwrap(), 2);
    let values = Arc::new(Mutex::new(vec![1]));
    last_clears(Arc::clone(&values)).await.unwrap();
    assert!(values.lock().unwrap().is_empty());
}

#[routine]
async fn results(n: u8) -> io::Result<u8> {
    if n == 0 {
        return Err(io::Error::other("zero"));
    }
    rest().await;
    Ok(n)
}

type MyResult = Result<u8, io::Error>;

#[routine]
async fn alias(n: u8) -> MyResult {
    results(n).await.map_err(io::Error::other)
}

#[routine]
async fn boxed(text: String) -> Result<u8, BoxError> {
    Ok(text.parse()?)
}

#[routine]
async fn option(n: u8) -> Option<u8> {
    n.checked_sub(1)
}

#[routine]
async fn early(number: u8) -> Result<&'static str, BoxError> {
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
async fn forever(ends: tokio::sync::oneshot::Receiver<()>) -> ! {
    let _ = ends.await;
    std::future::pending::<()>().await;
    loop {
        tokio::task::yield_now().await;
    }
}

#[routine]
fn never_blocking() -> ! {
    panic!("as asked")
}

#[tokio::test]
async fn what_the_signature_says_is_what_the_handle_gives() {
    assert_eq!(results(1).await.unwrap(), 1);
    assert!(results(0).await.unwrap_err().downcast_ref::<io::Error>().is_some());
    assert_eq!(alias(2).await.unwrap(), 2);
    assert!(boxed("x".to_owned()).await.is_err());
    assert_eq!(option(0).await.unwrap(), None);
    assert!(early(0).await.unwrap_err().to_string().ends_with("zero"));
    assert_eq!(early(12).await.unwrap(), "large");
    assert_eq!(early(2).await.unwrap(), "small");
    let (_end, ends) = tokio::sync::oneshot::channel();
    let handle: Handle<Infallible> = forever(ends);
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert!(never_blocking().await.unwrap_err().is_panic());
}

struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[routine]
async fn keeps(_permit: Guard, _: Guard, go: Arc<tokio::sync::Notify>) {
    go.notified().await;
}

#[tokio::test]
async fn an_argument_that_is_not_used_lives_as_long_as_the_routine() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let go = Arc::new(tokio::sync::Notify::new());
    let handle = keeps(Guard(Arc::clone(&dropped)), Guard(Arc::clone(&dropped)), Arc::clone(&go));
    rest().await;
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    go.notify_one();
    handle.await.unwrap();
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
}

#[routine(name = format!("part {part} of {__start}"), fields(part, text = text.len()))]
async fn named(part: u8, text: String, __start: u8) -> String {
    let _ = text;
    name()
}

#[routine(name = format!("{a} and {}", b + 1), fields(c))]
async fn named_by_parts((a, mut b): (u8, u8), Wrapper { inner: c, .. }: Wrapper) -> String {
    b += a + c;
    let _ = b;
    name()
}

#[routine]
async fn r#move() -> String {
    name()
}

#[routine(crate = ::routine)]
async fn shadows(__start: u8, __routine: u8) -> u8 {
    __start + __routine
}

#[tokio::test]
async fn the_options_see_the_arguments() {
    assert_eq!(named(1, "x".to_owned(), 3).await.unwrap(), "part 1 of 3");
    let parts = named_by_parts((1, 2), Wrapper { inner: 3, _other: 4 });
    assert_eq!(parts.await.unwrap(), "1 and 3");
    assert_eq!(r#move().await.unwrap(), "move");
    assert_eq!(shadows(1, 2).await.unwrap(), 3);
}

mod visibility {
    use routine::prelude::*;

    #[routine]
    pub(in crate::hard_started) async fn inner() -> u8 {
        1
    }
}

trait Job {
    fn run(self: Arc<Self>) -> Handle<u8>;
}

impl Job for u8 {
    #[routine]
    async fn run(self: Arc<Self>) -> u8 {
        rest().await;
        *self
    }
}

#[routine]
async fn dynamic(job: Box<dyn Fn(&str) -> usize + Send>, f: fn(&u8) -> u8, text: Cow<'static, str>) -> usize {
    rest().await;
    job(&text) + usize::from(f(&1))
}

#[routine]
async fn lasting<'a: 'static>(text: &'a str, other: &'static [&'static str]) -> usize {
    rest().await;
    text.len() + other.len()
}

#[tokio::test]
async fn visibility_traits_and_pointers() {
    assert_eq!(visibility::inner().await.unwrap(), 1);
    let job: Arc<dyn Job> = Arc::new(7u8);
    assert_eq!(job.run().await.unwrap(), 7);
    let pointer: fn(u8) -> Handle<Option<u8>> = option;
    assert_eq!(pointer(2).await.unwrap(), Some(1));
    assert_eq!(dynamic(Box::new(str::len), |n| n + 1, "abc".into()).await.unwrap(), 5);
    assert_eq!(lasting("abc", &["d"]).await.unwrap(), 4);
}

#[tokio::test]
async fn the_spawn_site_is_the_caller_and_the_name_the_functions() {
    let line = line!() + 1;
    let handle = generic(["a"]);
    let snapshot = routine::snapshot();
    let seen = snapshot.get(handle.id()).unwrap();
    assert_eq!((seen.name(), seen.spawned_at()), ("generic", (file!(), line)));
    handle.await.unwrap();
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn a_handle_may_go_to_another_thread() {
    is_send(recursion(3)).await.unwrap();
}
