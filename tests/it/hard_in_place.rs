//! Functions that are hard to wrap, in place: each compiles, and is to its caller what it was.

use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;

use routine::prelude::*;
use routine::{BoxError, Error};

async fn rest() {
    tokio::task::yield_now().await;
}

fn name() -> String {
    routine::current().unwrap().name().to_owned()
}

#[routine(in_place)]
async fn borrows<'a, T: Debug + ?Sized>(text: &'a str, value: &T, out: &mut Vec<String>) -> &'a str {
    rest().await;
    out.push(format!("{value:?}"));
    &text[1..]
}

#[routine(in_place)]
async fn patterns((a, mut b): (u8, u8), mut c: u8, _: u8) -> u8 {
    b += 1;
    c += 1;
    rest().await;
    a + b + c
}

#[routine(in_place)]
async fn impl_return(parts: impl Iterator<Item = u8>) -> impl Iterator<Item = u8> {
    rest().await;
    parts.map(|part| part + 1)
}

#[routine(in_place)]
fn plain<'a>(text: &'a mut String, more: &str) -> &'a str {
    text.push_str(more);
    text.as_str()
}

#[routine(in_place)]
fn plain_impl(n: u8) -> impl Display {
    n + 1
}

#[tokio::test]
async fn borrowed_arguments_stay() {
    let mut out = Vec::new();
    assert_eq!(borrows("abc", &[1][..], &mut out).await, "bc");
    assert_eq!(out, ["[1]"]);
    assert_eq!(patterns((1, 2), 3, 4).await, 8);
    assert_eq!(impl_return([1, 2].into_iter()).await.collect::<Vec<_>>(), [2, 3]);
    assert_eq!(plain(&mut "a".to_owned(), "b"), "ab");
    assert_eq!(plain_impl(1).to_string(), "2");
}

#[derive(Default)]
struct Cart {
    items: Vec<String>,
}

impl Cart {
    #[routine(in_place, name = "add to cart", fields(item))]
    async fn add(&mut self, item: &str) -> io::Result<usize> {
        rest().await;
        assert_eq!(name(), "add to cart");
        if item.is_empty() {
            Err(io::Error::other("nothing"))?;
        }
        self.items.push(item.to_owned());
        Ok(self.items.len())
    }

    #[routine(in_place)]
    fn first(&self) -> Option<&String> {
        self.items.first()
    }

    #[routine(in_place)]
    async fn into_items(mut self) -> Vec<String> {
        self.items.sort();
        self.items
    }
}

trait Store {
    #[routine(in_place)]
    async fn count(&self) -> usize {
        rest().await;
        self.plain()
    }

    fn plain(&self) -> usize;

    fn boxed<'a>(&'a self, by: &'a usize) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>>;
}

impl Store for Cart {
    #[routine(in_place)]
    fn plain(&self) -> usize {
        self.items.len()
    }

    #[routine(in_place)]
    fn boxed<'a>(&'a self, by: &'a usize) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
        let by = *by;
        Box::pin(async move {
            rest().await;
            assert_eq!(name(), "boxed");
            self.items.len() * by
        })
    }
}

#[tokio::test]
async fn methods_stay_methods() {
    let mut cart = Cart::default();
    assert_eq!(cart.add("b").await.unwrap(), 1);
    assert_eq!(cart.add("a").await.unwrap(), 2);
    assert!(cart.add("").await.is_err());
    assert_eq!(cart.first().unwrap(), "b");
    assert_eq!(cart.count().await, 2);
    assert_eq!(cart.boxed(&3).await, 6);
    assert_eq!(cart.into_items().await, ["a", "b"]);
}

#[routine(in_place)]
fn future(n: u8) -> impl Future<Output = u8> {
    async move {
        rest().await;
        n
    }
}

#[routine(in_place)]
async fn not_send(n: u8) -> u8 {
    let cell = std::rc::Rc::new(RefCell::new(n));
    rest().await;
    *cell.borrow_mut() += 1;
    *cell.borrow()
}

#[routine(in_place)]
async fn coerced(n: u8) -> Box<dyn Debug> {
    if n == 0 {
        return Box::new("none");
    }
    Box::new(n)
}

#[routine(in_place)]
async fn last_borrows(values: Mutex<Vec<u8>>) -> usize {
    values.lock().unwrap().len()
}

#[tokio::test]
async fn bodies_that_lean_on_their_signature() {
    assert_eq!(future(5).await, 5);
    assert_eq!(not_send(5).await, 6);
    assert_eq!(format!("{:?}", coerced(0).await), "\"none\"");
    assert_eq!(last_borrows(Mutex::new(vec![1])).await, 1);
}

#[routine(in_place, recover)]
async fn caught(n: u8) -> Result<u8, BoxError> {
    rest().await;
    assert!(n > 0, "zero");
    Ok(n)
}

#[routine(in_place, recover)]
fn caught_plain() {
    panic!("as asked")
}

#[derive(Debug)]
struct Mine(String);

impl From<Error> for Mine {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

#[routine(in_place, recover)]
fn caught_as_mine() -> Result<(), Mine> {
    panic!("as asked")
}

#[routine(in_place)]
async fn passed_on() -> Result<u8, Mine> {
    panic!("as asked")
}

#[tokio::test]
async fn a_panic_becomes_a_value_or_goes_on() {
    assert_eq!(caught(1).await.unwrap(), 1);
    assert!(caught(0).await.unwrap_err().to_string().contains("zero"));
    caught_plain();
    assert!(caught_as_mine().unwrap_err().0.contains("as asked"));
    assert!(tokio::spawn(passed_on()).await.unwrap_err().is_panic());
}

#[routine(in_place)]
async fn never() -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[routine(in_place)]
fn never_plain(n: u8) -> ! {
    panic!("{n}")
}

#[tokio::test]
async fn a_function_that_never_returns_stays_one() {
    let handle = tokio::spawn(async { never().await });
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert!(std::panic::catch_unwind(|| never_plain(1)).is_err());
}

#[routine(in_place)]
#[tokio::test]
async fn below_an_attribute_of_its_own() {
    rest().await;
    assert_eq!(name(), "below_an_attribute_of_its_own");
}

#[tokio::test]
#[routine(in_place)]
async fn above_an_attribute_of_its_own() -> Result<(), io::Error> {
    rest().await;
    Ok(())
}
