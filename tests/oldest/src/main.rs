//! Every form of the macros, for the oldest compiler that the library takes: what they expand to must not be newer than the
//! library itself. The imports are those that every compiler takes.

#[macro_use]
extern crate routine;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use routine::prelude::*;
use routine::{Group, Pool, RestartsExhausted};

#[routine(recover, name = format!("read {file}"), fields(file = file, size = 1), timeout = "1m", span = child)]
async fn read(file: String) -> io::Result<usize> {
    tokio::task::yield_now().await;
    if file.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(file.len())
}

#[routine(must_success(graceful = "10s"), phase = 2, root)]
async fn must(_: u8) {}

#[routine(quiet)]
fn on_a_thread((left, mut right): (u8, u8)) -> u8 {
    right += left;
    right
}

#[routine(in_place, timeout = "1m")]
async fn in_place(name: &str) -> Result<usize, routine::BoxError> {
    read(name.to_owned()).await?;
    Ok(name.len())
}

#[routine(in_place, recover)]
async fn recovered(name: &str) -> Result<usize, routine::BoxError> {
    Ok(name.len())
}

#[routine]
async fn for_ever() -> ! {
    loop {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}

#[routine]
async fn generic<T, const N: usize>(values: [T; N], more: impl Into<T> + Send + 'static) -> usize
where
    T: Send + 'static,
{
    drop((values, more.into()));
    N + 1
}

#[derive(Default)]
struct Worker {
    name: String,
}

impl Worker {
    #[routine(every = "1h", after = "1h")]
    async fn tick(self: Arc<Self>) -> io::Result<()> {
        println!("{self_name}", self_name = self.name);
        Ok(())
    }

    #[routine(retry(times = 3, base = "1ms", max = "1s", when = is_interrupted, timeout = "1m"), timeout = "1h")]
    async fn fetch(self: Arc<Self>, url: String) -> io::Result<String> {
        Ok(url + &self.name)
    }

    #[routine(in_place)]
    async fn borrowed(&self) -> usize {
        self.name.len()
    }
}

fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

#[routine(cron = "0 3 * * *", tz = "Europe/Berlin", retry(times = 2))]
async fn nightly() -> io::Result<()> {
    Ok(())
}

#[routine(after = "1ms", retry(times = 2))]
fn later() -> io::Result<u8> {
    Ok(1)
}

#[routine(restart(max = 1, within = "1m"), quiet)]
async fn again(text: Arc<str>) -> io::Result<()> {
    drop(text);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), routine::BoxError> {
    assert_eq!(read("a.csv".to_owned()).await?, 5);
    must(1).await?;
    assert_eq!(on_a_thread((1, 2)).await?, 3);
    assert_eq!((in_place("b.csv").await?, recovered("c").await?), (5, 1));
    for_ever().abort();
    assert_eq!(generic([1_u64, 2], 3_u32).await?, 3);

    let worker = Arc::new(Worker { name: "w".to_owned() });
    assert_eq!((worker.borrowed().await, Arc::clone(&worker).fetch("x".to_owned()).await?), (1, "xw".to_owned()));
    for schedule in [worker.tick(), nightly()] {
        schedule.stop(Duration::ZERO).await;
    }
    assert_eq!(later().await?, 1);
    let error = again(Arc::from("text")).await.unwrap_err();
    assert!(error.source().is_some_and(<dyn Error>::is::<RestartsExhausted>), "{error}");

    assert_eq!(routine!(async { Ok::<_, io::Error>(1) }).await?, 1);
    let name = "n".to_owned();
    let handle = routine! { <name = "statements", quiet> read(name).await?; };
    handle.await?;
    assert_eq!(routine!(|| Ok::<_, io::Error>(2)).await?, 2);
    let handle = routine! { <retry(times = 2)> read("d".to_owned()).await?; };
    handle.await?;

    let pool = Pool::builder("pool").workers(2).build()?;
    assert_eq!(pool.submit(async { Ok::<_, io::Error>(3) }).await?.await?, 3);
    let mut group = Group::new();
    group.go(async { Ok::<_, io::Error>(4) });
    assert_eq!(group.join().await?, [4]);
    let sum = routine::group(async |scope| scope.go(async { Ok::<_, io::Error>(5) }).await);
    assert_eq!(sum.await?, 5);
    Ok(())
}
