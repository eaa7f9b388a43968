//! What runs later, or more than once.
#![deny(warnings, clippy::pedantic, clippy::nursery)]
#![allow(clippy::missing_errors_doc, clippy::unused_async)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use routine::{prelude::*, routine};

async fn read(file: &str) -> io::Result<usize> {
    Ok(file.len())
}

/// Documented.
#[routine(every = "60s", recover)]
pub async fn sweep() -> io::Result<()> {
    read("a.csv").await?;
    Ok(())
}

#[routine(every = "1s", after = "5s")]
fn blocks() {
    println!("on a thread");
}

#[routine(after = "5s", name = format!("late {file}"))]
async fn late(file: String, mut tries: u8) -> u8 {
    tries += u8::from(read(&file).await.is_ok());
    tries
}

#[routine(retry(times = 3, base = "10ms", max = "1s", when = is_worth_it, timeout = "2s"), timeout = "1m")]
async fn fetch(file: String, (left, _): (u8, u8)) -> io::Result<usize> {
    let size = read(&file).await?;
    Ok(size + usize::from(left))
}

fn is_worth_it(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

#[routine(restart(max = 5, within = "1m"), must_success)]
async fn consume(topic: Arc<str>) -> Result<(), routine::BoxError> {
    read(&topic).await?;
    Ok(())
}

#[routine(every = "1h", retry(times = 3, base = "1s", when = is_worth_it, timeout = "2s"), timeout = "1m")]
async fn import() -> io::Result<usize> {
    Ok(read("a.csv").await? + 1)
}

#[routine(after = "1h", retry(times = 3))]
fn import_on_a_thread(file: String) -> io::Result<usize> {
    if file.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(file.len())
}

struct Cache;

impl Cache {
    #[routine(every = "30s", span = off)]
    async fn refresh(self: Arc<Self>) {
        self.load("all").await;
    }

    #[routine(retry(times = 2))]
    async fn store<T: Clone + Send + AsRef<str> + 'static>(self: Arc<Self>, value: T) -> io::Result<()> {
        println!("{}", self.load(value.as_ref()).await);
        Ok(())
    }

    #[routine(every = "1h")]
    async fn replaced(mut self: Arc<Self>) {
        self.load("old").await;
        self = Arc::new(Self);
        self.load("new").await;
    }

    #[routine(after = "1h")]
    async fn replaced_late(mut self: Arc<Self>, #[cfg(windows)] drive: char, #[cfg(not(windows))] mut mount: String) {
        #[cfg(not(windows))]
        {
            mount.push('/');
            println!("{mount}");
        }
        #[cfg(windows)]
        println!("{drive}");
        self = Arc::new(Self);
        self.load("new").await;
    }

    #[routine(restart(max = 1))]
    fn replaced_on_a_thread(mut self: Arc<Self>, #[cfg(windows)] drive: char, #[cfg(not(windows))] mount: Arc<str>) {
        #[cfg(not(windows))]
        println!("{mount}");
        #[cfg(windows)]
        println!("{drive}");
        println!("{}", Arc::get_mut(&mut self).is_none());
    }

    #[routine(retry(times = 2), name = format!("mount {left}"))]
    async fn mounted(
        mut self: Arc<Self>,
        #[cfg(windows)] drive: char,
        #[allow(unused_mut)] mut right: u8,
        #[cfg(not(windows))] (left, _): (u8, u8),
        #[cfg(windows)] left: u8,
    ) -> io::Result<u8> {
        #[cfg(windows)]
        println!("{drive}");
        self = Arc::new(Self);
        self.load("new").await;
        Ok(left + right)
    }

    async fn load(&self, key: &str) -> usize {
        read(key).await.unwrap_or(0)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let schedules = [sweep(), blocks(), Arc::new(Cache).refresh(), Arc::new(Cache).replaced()];
    #[cfg(not(windows))]
    {
        Arc::new(Cache).replaced_late("a".to_owned()).abort();
        Arc::new(Cache).replaced_on_a_thread(Arc::from("a")).abort();
        Arc::new(Cache).mounted(1, (2, 3)).abort();
    }
    late("a".to_owned(), 1).abort();
    drop((fetch("a".to_owned(), (1, 2)), Arc::new(Cache).store("b")));
    drop((import(), import_on_a_thread("c".to_owned())));
    consume(Arc::from("topic")).abort();
    let file = "c.csv".to_owned();
    routine!(retry(times = 3), move || {
        let file = file.clone();
        async move { read(&file).await }
    });
    routine! { <retry(times = 3, timeout = "2s"), timeout = "1m"> read("e.csv").await? };
    routine! { <restart(max = 2)> read("d.csv").await?; };
    for schedule in schedules {
        schedule.stop(Duration::ZERO).await;
    }
}
