//! Methods that `async_trait` has rewritten, in place: it stands on the `impl` and so always runs first.

use std::sync::Arc;

use async_trait::async_trait;
use routine::prelude::*;

fn name() -> String {
    routine::current().expect("inside a routine").name().to_owned()
}

#[async_trait]
trait Store: Send + Sync {
    async fn load<'a>(&'a self, key: &'a str) -> Option<&'a str>;

    async fn save(&mut self, key: &str) -> Result<usize, routine::BoxError>;

    #[routine(in_place)]
    async fn default_body(&self, n: u8) -> (String, u8) {
        tokio::task::yield_now().await;
        (name(), n)
    }
}

struct Memory(Vec<String>);

#[async_trait]
impl Store for Memory {
    #[routine(in_place)]
    async fn load<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        tokio::task::yield_now().await;
        assert_eq!(name(), "load");
        self.0.iter().map(String::as_str).find(|kept| *kept == key)
    }

    #[routine(in_place, recover, timeout = "5s", name = format!("save {key}"), fields(key))]
    async fn save(&mut self, key: &str) -> Result<usize, routine::BoxError> {
        tokio::task::yield_now().await;
        assert!(!key.is_empty(), "no key");
        assert_eq!(name(), format!("save {key}"));
        self.0.push(key.to_owned());
        if self.0.len() > 1 {
            return Err("full".into());
        }
        Ok(self.0.len())
    }
}

#[tokio::test]
async fn a_boxed_method_becomes_a_routine() {
    let mut store: Box<dyn Store> = Box::new(Memory(Vec::new()));
    assert_eq!(store.save("a").await.unwrap(), 1);
    assert_eq!(store.save("b").await.unwrap_err().to_string(), "full");
    assert!(store.save("").await.unwrap_err().to_string().contains("no key"));
    assert_eq!(store.load("a").await, Some("a"));
    assert_eq!(store.default_body(3).await, ("default_body".to_owned(), 3));
    let shared: Arc<dyn Store> = Arc::new(Memory(Vec::new()));
    assert!(tokio::spawn(async move { shared.load("x").await.is_none() }).await.unwrap());
}
