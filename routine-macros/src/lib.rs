//! The macros of the crate `routine`; use them through it.
//!
//! A pipeline, one stage a file: options (`args`, `duration`, `cron`), what they are on (`input`), what does not go together
//! (`check`, `borrow`), what a body is made into (`question`, `awaits`, `body`), and the three expansions. An expansion is the
//! description of a site, the user's body, and one call into `routine::__private`.

mod args;
mod awaits;
mod body;
mod borrow;
mod check;
mod cron;
mod duration;
mod expand;
mod fallback;
mod in_place;
mod input;
mod question;
mod start;

use proc_macro::TokenStream;

/// Makes a function a routine. Documented in the crate `routine`, in its prelude.
#[proc_macro_attribute]
pub fn routine(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(args.into(), item.into()).into()
}

/// What `routine!` forwards to, with the path of the crate in parentheses before what the user wrote.
#[doc(hidden)]
#[proc_macro]
pub fn inline(tokens: TokenStream) -> TokenStream {
    expand::inline(tokens.into()).into()
}
