//! The start that an expansion begins with: the site and the options.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::args::Args;

/// Where the spawn site is.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// At the caller.
    Caller,
    /// At the site itself.
    Here,
}

/// An expression of type `Start`.
pub(crate) fn start(rt: &TokenStream, args: &Args, name: &str, place: Place) -> TokenStream {
    let mixed = Span::mixed_site();
    let policy = if args.has("recover") {
        quote_spanned!(mixed=> Recover)
    } else if args.has("must_success") {
        quote_spanned!(mixed=> MustSuccess)
    } else {
        quote_spanned!(mixed=> Log)
    };
    let new = match place {
        Place::Caller => quote_spanned!(mixed=> new),
        Place::Here => quote_spanned!(mixed=> here),
    };
    let mut start = quote_spanned! {mixed=>
        #rt::Start::#new({
            static SITE: #rt::Site = #rt::Site::new(
                #name,
                ::core::module_path!(),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
                #rt::Policy::#policy,
            );
            &SITE
        })
    };
    if let Some(name) = &args.name {
        start = quote_spanned!(mixed=> #start.name(#name));
    }
    for (key, value) in &args.fields {
        start = quote_spanned!(mixed=> #start.field(#key, &#value));
    }
    if let Some((seconds, nanoseconds)) = args.timeout {
        start = quote_spanned!(mixed=> #start.timeout(::core::time::Duration::new(#seconds, #nanoseconds)));
    }
    if let Some(mode) = &args.span {
        let mode = match mode.to_string().as_str() {
            "follows" => quote_spanned!(mixed=> Follows),
            "off" => quote_spanned!(mixed=> Off),
            _ => quote_spanned!(mixed=> Child),
        };
        start = quote_spanned!(mixed=> #start.span(#rt::SpanMode::#mode));
    }
    for flag in ["root", "quiet"] {
        if args.has(flag) {
            let flag = syn::Ident::new(flag, mixed);
            start = quote_spanned!(mixed=> #start.#flag());
        }
    }
    start
}

/// The traits of the ladder, and the call that starts what `future` names. The method and the future carry the span that a
/// type error is to point at.
pub(crate) fn launch(rt: &TokenStream, method: &str, blame: Span) -> (TokenStream, TokenStream) {
    let mixed = Span::mixed_site();
    let blame = blame.resolved_at(mixed);
    let method = syn::Ident::new(method, blame);
    let routine = syn::Ident::new("__routine", blame);
    let traits = quote_spanned! {mixed=>
        #[allow(unused_imports, clippy::redundant_import)]
        use #rt::{A0 as _, A1 as _, A2 as _, A3 as _, A4 as _, A5 as _, A6 as _, A7 as _, A8 as _};
    };
    let call = quote_spanned!(mixed=> (&&&&&&&&&#rt::Probe(&#routine)).kind().#method(__start, #routine));
    (traits, call)
}
