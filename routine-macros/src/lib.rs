//! The macros of the crate `routine`; use them through it.
//!
//! A pipeline, one stage a file: options and item are read, checked, and expanded into the static description of a site,
//! the user's body, and one call into `routine::__private`. There is no logic in the tokens: it is all in the library.

mod args;
mod value;
mod suggest;
mod duration;
mod cron;

mod input;
mod inline;
mod check;
mod borrow;
mod question;
mod awaits;

mod site;
mod expand;
mod expand_start;
mod expand_in_place;
mod expand_inline;
mod fallback;

use proc_macro::TokenStream;

/// Makes a routine of a function: calling it starts the body in the background and gives a `Handle`.
///
/// On an `async fn` the body runs on the runtime, on a plain `fn` on its blocking pool. With `in_place` the function stays
/// as it is, and only its body becomes a routine that the caller waits for.
///
/// ```ignore
/// use routine::{prelude::*, routine};
///
/// #[routine(recover, name = format!("import {}", path.display()))]
/// async fn import(path: PathBuf) -> Result<Stats, ImportError> { .. }
///
/// import("a.csv".into());                           // starts now; its failure is reported with its trace
/// let stats = import("b.csv".into()).await?;        // or wait for it
/// ```
///
/// | option | what it does |
/// |---|---|
/// | `recover` | a panic's report carries its own stack |
/// | `must_success` | a failure ends the process with code 1, after its report and the hooks |
/// | `name = ".."` | names the routine; an expression is evaluated at the call and sees the arguments |
/// | `in_place` | keeps the function as it is and wraps only its body: trace, hooks, catch |
/// | `timeout = "30s"` | ends the routine after that time |
/// | `fields(user = id, size)` | adds fields to its span and its report |
/// | `root` | gives it a new trace |
/// | `span = child` | chooses its span: `child`, `follows`, `off` |
/// | `quiet` | leaves its failure to whoever holds the handle |
/// | `awaits = false` | does not note the lines that it waits at |
/// | `crate = ::other` | where the crate `routine` is found |
///
/// An attributed function cannot borrow from its caller, which it outlives. Its arguments live until it has ended, also
/// those that it does not use. Called through `dyn` or a function pointer its spawn site is the definition.
#[proc_macro_attribute]
pub fn routine(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(args.into(), item.into()).into()
}

/// What `routine!` forwards to, with the path of the crate in front.
#[doc(hidden)]
#[proc_macro]
pub fn __routine_inline(input: TokenStream) -> TokenStream {
    expand_inline::expand(input.into()).into()
}
