//! The macros of the crate `routine`; use them through it.
//!
//! A pipeline, one stage a file: options and item are read, checked, and expanded into the static description of a site,
//! the user's body, and one call into `routine::__private`. There is no logic in the tokens: it is all in the library.

mod args;
mod cron;
mod duration;
mod suggest;
mod value;

mod awaits;
mod borrow;
mod check;
mod inline;
mod input;
mod question;

mod arguments;
mod expand;
mod expand_again;
mod expand_in_place;
mod expand_inline;
mod expand_start;
mod fallback;
mod receiver;
mod returned;
mod site;

use proc_macro::TokenStream;

/// Makes a function a routine. Documented in the crate `routine`, in its prelude.
#[proc_macro_attribute]
pub fn routine(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(args.into(), item.into()).into()
}

/// What `routine!` forwards to, with the path of the crate in parentheses in front.
#[doc(hidden)]
#[proc_macro]
pub fn inline(input: TokenStream) -> TokenStream {
    expand_inline::expand(input.into()).into()
}
