//! The macro `routine!`.

/// Starts work in the background and gives its [`Handle`](crate::Handle): the `go` statement.
///
/// The work is statements, a block, an async block, a closure (`|| ..` on a thread of the blocking pool, `async || ..` on the
/// runtime), or any expression that is a future. Options come before it, or in angle brackets before statements:
///
/// ```
/// use routine::{prelude::*, routine};
///
/// async fn refresh() -> std::io::Result<u32> { Ok(3) }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// routine! { refresh().await?; };
/// routine!(recover, name = "refresh", async move { refresh().await }).await.unwrap();
/// let rows = routine! { <name = "rows"> let rows = refresh().await?; rows + 1 };
/// assert_eq!(rows.await.unwrap(), 4);
/// let sum = routine!(|| (1..=100).sum::<u32>());
/// assert_eq!(sum.await.unwrap(), 5050);
/// # }
/// ```
///
/// A body may end in any value. One with a `?` of its own ends in a `Result`: what is no `Result` already becomes its `Ok`,
/// and an error type that nothing tells becomes a [`BoxError`](crate::BoxError). A call, method call, path, field or literal
/// alone is the future itself, and is evaluated by the caller; everything else runs inside the routine.
///
/// Options: `recover`, `must_success`, `must_success(graceful = "10s")`, `phase = 1`, `name = "..."` (or an expression that makes a string), `timeout = "30s"`,
/// `retry(times = 3, base = "100ms", max = "30s", when = path, timeout = "2s")`, `restart(max = 10, within = "2m")`,
/// `fields(user = id, size)`, `root`, `quiet`, `span = child | follows | off`, `awaits = false`. They are those of
/// [`Builder`](crate::Builder), which says what each does; `awaits = false` turns the labels off that tell the dump which line
/// a routine waits at.
///
/// With `retry` and `restart` the work is made anew for each run: an expression is evaluated again, so clone into it what it takes
/// (`routine!(retry(times = 3), fetch(url.clone()))`); a closure is called again, and gives a future
/// (`move || { let url = url.clone(); async move { .. } }`); statements run again, and may use what is `Copy`. The
/// `timeout` among the settings of `retry` is the time of each attempt; the option `timeout` beside it is that of the whole. See
/// [`Retry`](crate::Retry) and [`Restart`](crate::Restart).
///
/// As with [`go`](crate::go), an `Err` or a panic ends only this routine and is reported at once; dropping the handle detaches the
/// routine; [`Handle::abort`](crate::Handle::abort) and the end of the runtime cancel it at its next await.
///
/// As a statement, `routine! { .. }` needs a `;` behind it.
///
/// # Panics
/// Outside a tokio runtime, at the line of the macro.
#[macro_export]
macro_rules! routine {
    ($($work:tt)*) => {
        $crate::__private::inline!(($crate) $($work)*)
    };
}
