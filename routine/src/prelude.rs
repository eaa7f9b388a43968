//! The few names to import with `*`: the attribute `#[routine]`.
//!
//! An attribute and a macro of one name cannot come from one path, so `routine!` stands at the root of the crate: import both
//! with `use routine::{prelude::*, routine};`. A nested module that only says `use super::*` gets the macro alone.
//!
//! Before Rust 1.94 the one hides the other there. Those compilers take `use routine::prelude::*;` together with
//! `#[macro_use] extern crate routine;` at the root of your crate, or the path `routine::routine!`.

/// Makes a function a routine: calling it starts the work in the background and gives a [`Handle`](crate::Handle).
///
/// On an `async fn` the work runs on the runtime, on a plain `fn` on a thread of its blocking pool. The spawn site is the
/// caller. What the body returns is what the handle gives: for `Result<T, E>` the `T`, for no return type `()`.
///
/// ```
/// use routine::{prelude::*, routine};
///
/// #[routine(recover)]
/// async fn import(file: String) -> std::io::Result<usize> {
///     Ok(file.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// import("a.csv".to_owned());
/// assert_eq!(import("b.csv".to_owned()).await.unwrap(), 5);
/// # }
/// ```
///
/// As with [`go`](crate::go), an `Err` or a panic ends only this routine and is reported at once; dropping the handle detaches the
/// routine; [`Handle::abort`](crate::Handle::abort) and the end of the runtime cancel it at its next await. The call panics outside
/// a tokio runtime, at the caller's line.
///
/// With `in_place` the function stays as it is, receiver, borrowed arguments and all; its body gets a trace, the hooks, and an
/// entry in the registry. An `Err` is counted as failed and returned without a report, since somebody holds it. A panic is
/// reported once and goes on to the caller, or with `recover` becomes the returned error.
///
/// ```
/// use routine::prelude::*;
///
/// struct Store;
///
/// impl Store {
///     #[routine(in_place, recover)]
///     async fn load(&self, key: &str) -> Result<usize, routine::Error> {
///         assert!(!key.is_empty(), "no key");
///         Ok(key.len())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(Store.load("key").await.unwrap(), 3);
/// assert!(Store.load("").await.unwrap_err().is_panic());
/// # }
/// ```
///
/// # Later, and again
/// `after = "5s"` has the work begin later. `every = "60s"` and `cron = "0 3 * * *", tz = "Europe/Berlin"` (feature `cron`) have
/// it run again and again: calling the function gives a [`Schedule`](crate::Schedule), not a handle. It takes no arguments but
/// `self: Arc<Self>`, and returns `()` or a `Result`; `after` with `every` says when the first run is. `retry(times = 3)`
/// tries again after an `Err`, and `restart(max = 10)` runs again whatever it ended in, which gives a `Handle<()>`; their
/// arguments are cloned for each run. `retry(times = 5, timeout = "2s"), timeout = "30s"` has a time for each attempt and one for the
/// whole. With `retry` beside `every`, `cron` or `after` each run is tried again by itself, in its own routine. A plain `fn` runs
/// on a thread in all of these, where it has no `timeout`.
///
/// ```
/// use std::time::Duration;
/// use routine::{Schedule, prelude::*};
///
/// #[routine(every = "60s", recover)]
/// async fn sweep() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// #[routine(retry(times = 3, base = "100ms", timeout = "2s"), timeout = "30s")]
/// async fn fetch(url: String) -> std::io::Result<usize> {
///     Ok(url.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let sweeping: Schedule = sweep();
/// assert_eq!(fetch("a.csv".to_owned()).await.unwrap(), 5);
/// sweeping.stop(Duration::from_secs(1)).await;
/// # }
/// ```
///
/// The call of a scheduled function panics, at the caller's line, also where its cron line or its zone is none, and where there
/// are no timers.
///
/// Options: those of [`routine!`](crate::routine), `every`, `cron`, `tz`, `after`, and `in_place`, and `crate = ::path` where the crate has another name.
#[cfg(feature = "macros")]
#[doc(inline)]
pub use routine_macros::routine;
