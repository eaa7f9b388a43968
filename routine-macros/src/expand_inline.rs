//! `routine!` from its tokens to its expansion.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Expr, ExprClosure, Result, ReturnType};

use crate::args::Options;
use crate::expand::labelled;
use crate::expand_again::Again;
use crate::expand_start::braced;
use crate::inline::{self, Work};
use crate::input::{Body, first_span, private};
use crate::site::{self, SpawnSite};
use crate::{check, expand_again, question};

/// Input: `($crate) recover, { step().await?; }`
///
/// Output:
///
///     {
///         let start = Start::here({ static SITE: Site = ..; &SITE });
///         let routine = fallible(async move { step().await?; Ok(()) });
///         (&&..Probe(&routine)).kind().start(start, routine)
///     }
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut input = input.into_iter();
    let Some(TokenTree::Group(krate)) = input.next() else { return TokenStream::new() };
    let krate = krate.stream();
    expanded(input.collect(), &krate).unwrap_or_else(|error| {
        let error = error.to_compile_error();
        quote!({ #error #krate::__private::mistaken() })
    })
}

fn expanded(input: TokenStream, krate: &TokenStream) -> Result<TokenStream> {
    let rt = quote!(#krate::__private);
    let (options, tokens) = inline::split(input)?;
    let blame = first_span(tokens.clone()).resolved_at(Span::mixed_site());
    let work = inline::work(tokens)?;
    // A closure that is called again gives a future.
    check::inline(&options, work.is_blocking() && Again::of(&options).is_none())?;
    check::available(&options)?;

    let blocking = work.is_blocking();
    // Without a name of its own it is shown under the name of the function that it is written in.
    let start_expr = site::start(&options, &rt, SpawnSite::Here, "", Span::call_site());
    let (start, routine) = (private("__start"), Ident::new("__routine", blame));
    if let Some(again) = Again::of(&options) {
        return Ok(repeated(again, &options, work, &rt, (&start, &start_expr, &routine)));
    }
    let work = match work {
        Work::Future(future) => quote!(#future),
        Work::Statements { moves, gives, body } => awaited(&options, moves, &gives, body, &rt),
        Work::Blocking(closure) => called(closure, &rt),
    };
    let methods = if blocking { ("block", "block") } else { ("kind", "start") };
    let (rungs, launch) = (site::rungs(!blocking), site::launch(&rt, methods, &start, &routine));
    Ok(quote! {{
        use #rt::#rungs;
        let #start = #start_expr;
        let #routine = #work;
        #launch
    }})
}

/// Input: `retry(times = 3), fetch(url.clone())`
///
/// Output: `move || fetch(url.clone())`, called for each attempt. A closure as written is called itself.
fn repeated(
    again: Again,
    options: &Options,
    work: Work,
    rt: &TokenStream,
    (start, start_expr, routine): (&Ident, &TokenStream, &Ident),
) -> TokenStream {
    let work = match work {
        Work::Future(future) => quote!(move || #future),
        Work::Statements { gives, body, .. } => {
            let is_fallible = is_fallible(&gives, &body);
            let run = awaited(options, true, &gives, body, rt);
            let run = if is_fallible { site::settled(rt, &run) } else { run };
            quote!(move || #run)
        }
        Work::Blocking(closure) => quote!(#closure),
    };
    let launch = expand_again::launch(again, options, rt, start, routine);
    quote! {{
        let #start = #start_expr;
        let #routine = #work;
        #launch
    }}
}

fn awaited(options: &Options, moves: bool, gives: &ReturnType, body: Body, rt: &TokenStream) -> TokenStream {
    let fallible = is_fallible(gives, &body);
    let mut body = labelled(body, options, rt);
    if let (true, Body::Statements(statements)) = (fallible, &mut body) {
        question::settle(statements, rt);
    }
    let pin = match gives {
        ReturnType::Type(_, ty) => quote!(#[allow(unreachable_code)] if false { return #rt::never::<#ty>(); }),
        ReturnType::Default => TokenStream::new(),
    };
    let block = braced(&quote!(#pin #body), Span::mixed_site());
    let moves = moves.then(|| quote!(move));
    if fallible { quote!(#rt::fallible(async #moves #block)) } else { quote!(async #moves #block) }
}

/// Whether the body has a `?` of its own, and no type that says what it ends in.
fn is_fallible(gives: &ReturnType, body: &Body) -> bool {
    matches!(gives, ReturnType::Default)
        && matches!(body, Body::Statements(statements) if question::find(statements).is_some())
}

fn called(mut closure: ExprClosure, rt: &TokenStream) -> TokenStream {
    if !matches!(closure.output, ReturnType::Default) {
        return quote!(#closure);
    }
    let body = std::mem::replace(&mut *closure.body, Expr::Verbatim(TokenStream::new()));
    let mut statements = inline::into_statements(body.clone());
    if question::find(&statements).is_none() {
        *closure.body = body;
        return quote!(#closure);
    }
    question::settle(&mut statements, rt);
    *closure.body = Expr::Verbatim(braced(&quote!(#(#statements)*), Span::mixed_site()));
    quote!(#rt::fallible_call(#closure))
}
