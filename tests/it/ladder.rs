//! Each rung of the ladder by a body that belongs there: what a handle gives, without a word by the user.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;

use routine::{BoxError, Handle, routine};

#[derive(Debug, PartialEq)]
struct Mine(u8);

impl fmt::Display for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mine {}", self.0)
    }
}

impl StdError for Mine {}

async fn step() -> io::Result<()> {
    Ok(())
}

async fn broken() -> Result<u8, Mine> {
    Err(Mine(7))
}

async fn forever() -> ! {
    std::future::pending().await
}

#[tokio::test]
async fn unit_gives_unit() {
    let handle: Handle<()> = routine! { step().await.unwrap(); };
    handle.await.unwrap();
}

#[tokio::test]
async fn a_body_that_never_ends_gives_unit() {
    let handle: Handle<()> = routine! { loop { std::future::pending::<()>().await; } };
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_future_of_never_gives_a_value_that_cannot_be() {
    let handle: Handle<Infallible> = routine!(forever());
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn an_open_error_is_boxed() {
    let handle: Handle<()> = routine! { step().await?; Err("no".into()) };
    assert!(handle.await.unwrap_err().to_string().ends_with("failed: no"));
}

#[tokio::test]
async fn an_open_value_is_unit() {
    let handle: Handle<()> = routine! { broken().await?; Err(Mine(1)) };
    assert_eq!(handle.await.unwrap_err().downcast_ref::<Mine>(), Some(&Mine(7)));
}

#[tokio::test]
async fn a_value_beside_an_open_error_is_kept() {
    let handle: Handle<u8> = routine! { step().await?; Ok(5) };
    assert_eq!(handle.await.unwrap(), 5);
}

#[tokio::test]
#[allow(clippy::needless_return)]
async fn what_a_body_returns_at_last_is_what_it_ends_in() {
    let handle: Handle<u8> = routine! { step().await?; return Ok(5); };
    assert_eq!(handle.await.unwrap(), 5);
    let handle: Handle<()> = routine! { step().await?; return Err("no".into()); };
    assert!(handle.await.unwrap_err().to_string().ends_with("failed: no"));
}

#[tokio::test]
async fn what_is_tried_again_climbs_the_rungs_of_a_result() {
    let handle: Handle<()> = routine! { <retry(times = 1)> loop { step().await?; broken().await?; } };
    assert!(handle.await.unwrap_err().downcast_ref::<Mine>().is_some(), "a boxed one");
    let handle: Handle<()> = routine! { <retry(times = 1)> broken().await?; Err(Mine(1)) };
    assert_eq!(handle.await.unwrap_err().downcast_ref::<Mine>(), Some(&Mine(7)));
    let handle: Handle<u8> = routine! { <retry(times = 1)> if broken().await? == 0 { return Err(Mine(1)); } Ok(5) };
    assert_eq!(handle.await.unwrap_err().downcast_ref::<Mine>(), Some(&Mine(7)));
    let handle: Handle<u8> = routine! { <retry(times = 1)> step().await?; Ok(5) };
    assert_eq!(handle.await.unwrap(), 5);
}

#[tokio::test]
async fn a_result_gives_its_value_or_its_error() {
    let handle: Handle<u8> = routine!(broken());
    assert_eq!(handle.await.unwrap_err().downcast_ref::<Mine>(), Some(&Mine(7)));
}

#[tokio::test]
async fn a_value_is_a_value_and_none_no_failure() {
    let handle: Handle<Option<u8>> = routine! { step().await.unwrap(); None };
    assert_eq!(handle.await.unwrap(), None);
    let handle: Handle<i32> = routine! { { 5 } };
    assert_eq!(handle.await.unwrap(), 5);
}

#[tokio::test]
async fn a_generic_body_is_sorted_where_its_type_is_known() {
    fn start<F>(future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        routine!(future)
    }
    assert_eq!(start(async { 3 }).await.unwrap(), 3);
}

#[tokio::test]
async fn closures_climb_the_same_ladder() {
    let unit: Handle<()> = routine!(|| ());
    unit.await.unwrap();
    let boxed: Handle<()> = routine!(|| {
        std::fs::metadata(".")?;
        Ok(())
    });
    boxed.await.unwrap();
    let open: Handle<u64> = routine!(|| { std::fs::metadata(".")?.len() });
    assert!(open.await.is_ok());
    let mine: Handle<u8> = routine!(|| -> Result<u8, Mine> { Err(Mine(3)) });
    assert_eq!(mine.await.unwrap_err().downcast_ref::<Mine>(), Some(&Mine(3)));
    let value: Handle<Vec<u8>> = routine!(|| vec![1]);
    assert_eq!(value.await.unwrap(), [1]);
    let never: Handle<()> = routine!(|| panic!("as asked"));
    assert!(never.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn any_error_that_can_be_reported_is_taken() {
    let text: Handle<()> = routine! { Err::<(), _>("text")?; };
    assert!(text.await.unwrap_err().to_string().ends_with("failed: text"));
    let boxed: Handle<()> = routine!(async { Err::<(), BoxError>("boxed".into()) });
    assert!(boxed.await.unwrap_err().to_string().ends_with("failed: boxed"));
}
