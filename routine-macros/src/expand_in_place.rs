//! The form that stays in place: the function keeps its signature, and its body becomes a routine that the caller waits
//! for.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprAsync, Stmt};

use crate::args::Options;
use crate::expand::labelled;
use crate::expand_start::{braced, name_of};
use crate::input::{Body, Function, private};
use crate::returned::Returned;
use crate::site::{self, SpawnSite};

/// Input:
///
///     async fn handle(&self, request: &Request) -> Response { body }
///
/// Output:
///
///     async fn handle(&self, request: &Request) -> Response {
///         let start = Start::here({ static SITE: Site = ..; &SITE });
///         let routine = async move { body };
///         let returns = (&&Probe(&routine)).returns();
///         in_place(start, routine, returns).await
///     }
pub(crate) fn expand(options: &Options, function: &Function, krate: &TokenStream) -> TokenStream {
    let rt = quote!(#krate::__private);
    let run = if function.signature.asyncness.is_some() {
        awaited(options, function, &rt)
    } else if function.gives_future() {
        handed_out(options, function, &rt)
    } else {
        called(options, function, &rt)
    };
    let Function { attrs, vis, signature, braces, .. } = function;
    let block = braced(&run, *braces);
    quote!(#(#attrs)* #vis #signature #block)
}

/// `let start = ..`
fn start(options: &Options, function: &Function, rt: &TokenStream) -> TokenStream {
    let start = private("__start");
    let name = name_of(&function.signature);
    let expr = site::start(options, rt, SpawnSite::Here, &name, function.signature.ident.span());
    quote!(let #start = #expr;)
}

/// `let returns = ..`, with what a panic and a time that ran out become. An error about that belongs to the return type.
fn returns(options: &Options, function: &Function, probed: &TokenStream, rt: &TokenStream) -> TokenStream {
    let returns = private("__returns");
    let blame = function.returns().map_or_else(|| function.signature.ident.span(), Spanned::span);
    let place = blame.resolved_at(Span::mixed_site());
    let blamed = Ident::new("__returns", place);
    let convert = |option: &str, conversion: &str| {
        let conversion = Ident::new(conversion, place);
        options.has(option).then(|| quote_spanned!(place=> let #blamed = #rt::#conversion(#blamed);))
    };
    let (recovering, timing_out) = (convert("recover", "recovering"), convert("timeout", "timing_out"));
    quote!(let #returns = #probed; #recovering #timing_out)
}

fn probed(function: &Function, rt: &TokenStream) -> TokenStream {
    // Of `!` there is no rung: it is whatever it is taken for.
    if Returned::of(function).is_never() {
        return quote!(#rt::Returns::value());
    }
    let routine = private("__routine");
    quote!({ use #rt::{R0 as _, R1 as _}; (&&#rt::Probe(&#routine)).returns() })
}

fn awaited(options: &Options, function: &Function, rt: &TokenStream) -> TokenStream {
    let returned = Returned::of(function);
    let pin = if returned.is_never() { TokenStream::new() } else { returned.pin(rt) };
    let body = labelled(function.body.clone(), options, rt);
    let statements = braced(&body, function.braces.resolved_at(Span::mixed_site()));
    let (start, routine, returns) =
        (start(options, function, rt), private("__routine"), returns(options, function, &probed(function, rt), rt));
    let (start_name, returns_name) = (private("__start"), private("__returns"));
    quote! {
        #start
        let #routine = async move { #pin #statements };
        #returns
        #rt::in_place(#start_name, #routine, #returns_name).await
    }
}

fn called(options: &Options, function: &Function, rt: &TokenStream) -> TokenStream {
    let returned = Returned::of(function);
    let ty = &returned.inferred;
    let gives = (!returned.is_never() && !returned.hides_a_type()).then(|| quote!(-> #ty));
    let probed = if returned.is_never() {
        quote!(#rt::Returns::value())
    } else {
        let routine = private("__routine");
        quote!({ use #rt::{C0 as _, C1 as _}; (&&#rt::Probe(&#routine)).call_returns() })
    };
    let statements = braced(&function.body, function.braces.resolved_at(Span::mixed_site()));
    let (start, routine, returns) =
        (start(options, function, rt), private("__routine"), returns(options, function, &probed, rt));
    let (start_name, returns_name) = (private("__start"), private("__returns"));
    quote! {
        #start
        let #routine = #rt::once(move || #gives #statements);
        #returns
        #rt::in_place_call(#start_name, #returns_name, #routine)
    }
}

/// Input: `Box::pin(async move { body })`, as `async_trait` writes it.
/// Output: `Box::pin({ ..; in_place(start, async move { body }, returns) })`
fn handed_out(options: &Options, function: &Function, rt: &TokenStream) -> TokenStream {
    let Body::Statements(mut statements) = function.body.clone() else {
        return called(options, function, rt);
    };
    let Some(Stmt::Expr(tail, None)) = statements.last_mut() else {
        return called(options, function, rt);
    };
    let wrap = |future: &mut Expr| {
        if let Expr::Async(block) = future {
            label(block, options, rt);
        }
        let (start, routine) = (start(options, function, rt), private("__routine"));
        let returns = returns(options, function, &probed(function, rt), rt);
        let (start_name, returns_name) = (private("__start"), private("__returns"));
        *future = Expr::Verbatim(quote! {{
            #start
            let #routine = #future;
            #returns
            #rt::in_place(#start_name, #routine, #returns_name)
        }});
    };
    let boxed = !matches!(function.returns().map(crate::input::strip), Some(syn::Type::ImplTrait(_)));
    match tail {
        Expr::Call(call) if boxed && is_pin(&call.func) && call.args.len() == 1 => wrap(&mut call.args[0]),
        Expr::MethodCall(call) if boxed && (call.method == "boxed" || call.method == "boxed_local") => {
            wrap(&mut call.receiver);
        }
        tail if boxed => {
            wrap(tail);
            *tail = Expr::Verbatim(quote!(::std::boxed::Box::pin(#tail)));
        }
        tail => wrap(tail),
    }
    quote!(#(#statements)*)
}

fn label(block: &mut ExprAsync, options: &Options, rt: &TokenStream) {
    if let Body::Statements(statements) =
        labelled(Body::Statements(std::mem::take(&mut block.block.stmts)), options, rt)
    {
        block.block.stmts = statements;
    }
}

/// `Box::pin`
fn is_pin(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "pin"))
}
