//! The expansions.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    AttrStyle, Block, Error, FnArg, GenericArgument, Ident, Item, ItemFn, Pat, PathArguments, Result, ReturnType,
    Signature, Stmt, TraitItemFn, Type,
};

use crate::args::Args;
use crate::input::{Inline, Work};
use crate::question::Tail;
use crate::start::{self, Place};
use crate::{awaits, body, check, fallback, in_place, question};

/// `#[routine(args)] item`.
pub(crate) fn attribute(args: TokenStream, item: TokenStream) -> TokenStream {
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else { return not_a_function(item) };
    let parsed = syn::parse2::<Args>(args);
    let in_place = parsed.as_ref().is_ok_and(|args| args.has("in_place"));
    let rt = match parsed.as_ref().ok().and_then(|args| args.krate.as_ref()) {
        Some(krate) => quote!(#krate::__private),
        None => quote_spanned!(Span::mixed_site()=> ::routine::__private),
    };
    let checked = parsed.and_then(|args| check::function(&args, &function).map(|()| args));
    match checked {
        Err(error) => fallback::function(&rt, &error, in_place, &function),
        Ok(args) if in_place => in_place::expand(&rt, &args, function),
        Ok(args) => started(&rt, &args, function),
    }
}

/// An item that is no function with a body.
fn not_a_function(item: TokenStream) -> TokenStream {
    if let Ok(method) = syn::parse2::<TraitItemFn>(item.clone()) {
        if method.default.is_none() {
            let message =
                "`#[routine]` needs a body; put it on the function in the `impl`, or on a method with a default body";
            let error = Error::new_spanned(&method.sig.ident, message).to_compile_error();
            return quote!(#item #error);
        }
    }
    let (what, tokens) = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(item)) => ("a struct", item.to_token_stream()),
        Ok(Item::Enum(item)) => ("an enum", item.to_token_stream()),
        Ok(Item::Impl(item)) => ("an `impl`", item.to_token_stream()),
        Ok(Item::Trait(item)) => ("a trait", item.to_token_stream()),
        Ok(Item::Mod(item)) => ("a module", item.to_token_stream()),
        Ok(item) => ("this", item.to_token_stream()),
        // A body that does not parse is the compiler's to speak of.
        Err(_) => return item,
    };
    let error =
        Error::new_spanned(tokens, format!("`#[routine]` goes on a function, not on {what}")).to_compile_error();
    quote!(#item #error)
}

/// The type of the handle that a function gives.
pub(crate) fn handle(rt: &TokenStream, output: &ReturnType) -> TokenStream {
    let mixed = Span::mixed_site();
    let value = match output {
        ReturnType::Default => quote_spanned!(mixed=> ()),
        ReturnType::Type(_, ty) => match &**ty {
            Type::Never(_) => quote_spanned!(mixed=> ::core::convert::Infallible),
            ty => match named_result(ty) {
                Named::With(value) => value.to_token_stream(),
                Named::Alias => quote_spanned!(mixed=> <#ty as #rt::IntoOutcome>::Value),
                Named::Other => ty.to_token_stream(),
            },
        },
    };
    quote_spanned!(mixed=> #rt::Handle<#value>)
}

enum Named<'a> {
    /// `Result<A, ..>`.
    With(&'a Type),
    /// A name that ends in `Result`, whose value only the compiler knows.
    Alias,
    Other,
}

fn named_result(ty: &Type) -> Named<'_> {
    let Type::Path(path) = ty else { return Named::Other };
    let Some(last) = path.path.segments.last() else { return Named::Other };
    if !last.ident.to_string().ends_with("Result") {
        return Named::Other;
    }
    if let (true, PathArguments::AngleBracketed(arguments)) = (last.ident == "Result", &last.arguments) {
        if let Some(GenericArgument::Type(value)) = arguments.args.first() {
            return Named::With(value);
        }
    }
    Named::Alias
}

/// ```text
/// // Input:
/// async fn f(x: A, (b, c): (B, C)) -> R { body }
/// // Output:
/// #[track_caller]
/// fn f(x: A, __arg1: (B, C)) -> Handle<T> { let __routine = async move { let x = x; let (b, c) = __arg1; body }; start }
/// ```
fn started(rt: &TokenStream, args: &Args, mut function: ItemFn) -> TokenStream {
    let mixed = Span::mixed_site();
    let labelled = args.awaits != Some(false) && function.sig.asyncness.is_some();
    if labelled {
        awaits::mark(&mut function.block);
    }
    let ItemFn { attrs, vis, mut sig, block, .. } = function;
    let rebinds = rebind(&mut sig);
    let asynchronous = sig.asyncness.take().is_some();
    let written = sig.output.clone();
    let output = handle(rt, &written);
    sig.output = syn::parse_quote!(-> #output);
    let blame = match &written {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => sig.ident.span(),
    };
    let start = start::start(rt, args, &sig.ident.to_string(), Place::Caller);
    let is_result = matches!(&written, ReturnType::Type(_, ty) if !matches!(named_result(ty), Named::Other));
    let method = if is_result || matches!(written, ReturnType::Default) { "start" } else { "start_value" };
    let statements = body::statements(&block, &written);
    let (traits, routine, launch) = if asynchronous {
        let import = body::label_import(rt, labelled);
        let pin = body::pin(rt, &written);
        let (traits, launch) = start::launch(rt, method, blame);
        (traits, quote_spanned!(mixed=> async move { #import #pin #rebinds #statements }), launch)
    } else {
        let (traits, launch) = blocking(rt, method, blame);
        let returns = body::typed(&written).map(|ty| quote_spanned!(mixed=> -> #ty));
        (traits, quote_spanned!(mixed=> move || #returns { #rebinds #statements }), launch)
    };
    let (outer, inner): (Vec<_>, Vec<_>) = attrs.into_iter().partition(|attr| matches!(attr.style, AttrStyle::Outer));
    let inner = inner.iter().map(|attr| &attr.meta);
    let tracks = outer.iter().any(|attr| attr.path().is_ident("track_caller"));
    let track_caller = (!tracks).then(|| quote_spanned!(mixed=> #[track_caller]));
    let content = quote_spanned! {mixed=>
        #traits
        let __start = #start;
        let __routine = #routine;
        #launch
    };
    // The braces are the user's, else the compiler takes the function for foreign code and its lints go silent.
    let mut braces = Group::new(Delimiter::Brace, content);
    braces.set_span(block.brace_token.span.join());
    quote!(#(#outer)* #(#[#inner])* #track_caller #vis #sig #braces)
}

fn blocking(rt: &TokenStream, method: &str, blame: Span) -> (TokenStream, TokenStream) {
    let mixed = Span::mixed_site();
    let blame = blame.resolved_at(mixed);
    let method = Ident::new(if method == "start" { "block" } else { "block_value" }, blame);
    let routine = Ident::new("__routine", blame);
    let traits = quote_spanned! {mixed=>
        #[allow(unused_imports, clippy::redundant_import)]
        use #rt::{B0 as _, B1 as _, B2 as _, B3 as _, B4 as _, B5 as _, B6 as _, B7 as _, B8 as _};
    };
    (traits, quote_spanned!(mixed=> (&&&&&&&&&#rt::Probe(&#routine)).block().#method(__start, #routine)))
}

/// Moves every argument into the body, where an unused one lives as long as the routine does, and gives those that are
/// patterns a name in the signature.
fn rebind(sig: &mut Signature) -> TokenStream {
    let mixed = Span::mixed_site();
    let mut rebinds = TokenStream::new();
    for (place, input) in sig.inputs.iter_mut().enumerate() {
        let lints = quote_spanned! {mixed=>
            #[allow(clippy::used_underscore_binding, clippy::no_effect_underscore_binding, clippy::let_underscore_untyped)]
        };
        match input {
            FnArg::Receiver(receiver) => {
                let this = &receiver.self_token;
                rebinds.extend(quote_spanned!(mixed=> let _ = &#this;));
            }
            FnArg::Typed(argument) => {
                let kept: Vec<_> = argument.attrs.iter().filter(|attr| !attr.path().is_ident("doc")).cloned().collect();
                match &mut *argument.pat {
                    Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => {
                        let ident = &pat.ident;
                        let mutability = pat.mutability.take();
                        rebinds.extend(quote_spanned!(mixed=> #(#kept)* #lints let #mutability #ident = #ident;));
                    }
                    pat => {
                        let name = Ident::new(&format!("__arg{place}"), mixed);
                        let bound =
                            if matches!(pat, Pat::Wild(_)) { name.to_token_stream() } else { pat.to_token_stream() };
                        rebinds.extend(quote_spanned!(mixed=> #(#kept)* #lints let #bound = #name;));
                        *pat = syn::parse_quote!(#name);
                    }
                }
            }
        }
    }
    rebinds
}

/// `routine! { .. }`.
pub(crate) fn inline(tokens: TokenStream) -> TokenStream {
    let expanded = syn::parse2::<Inline>(tokens).and_then(|inline| {
        check::inline(&inline.args)?;
        expand_inline(inline)
    });
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn expand_inline(inline: Inline) -> Result<TokenStream> {
    let mixed = Span::mixed_site();
    let Inline { krate, args, work, span } = inline;
    let rt = quote!(#krate::__private);
    let start = start::start(&rt, &args, "", Place::Here);
    let labelled = args.awaits != Some(false);
    let mut is_blocking = false;
    let routine = match work {
        Work::Statements(block) => open_body(&rt, block, labelled, &quote_spanned!(mixed=> async move)),
        Work::Async(expr) => {
            let syn::ExprAsync { async_token, capture, block, .. } = &expr;
            open_body(&rt, block.clone(), labelled, &quote!(#async_token #capture))
        }
        Work::AsyncClosure(closure) => quote_spanned!(mixed=> (#closure)()),
        Work::Blocking(closure) => {
            if let Some(span) = args.span_of("timeout") {
                let message =
                    "`timeout` is for what awaits: a thread cannot be stopped; look at `routine::is_cancelled()` in it";
                return Err(Error::new(span, message));
            }
            is_blocking = true;
            closure.to_token_stream()
        }
        Work::Future(expr) => expr.to_token_stream(),
        Work::Verbatim(tokens) => quote_spanned!(mixed=> async move { #tokens }),
    };
    let (traits, launch) = if is_blocking { blocking(&rt, "start", span) } else { start::launch(&rt, "start", span) };
    Ok(quote_spanned! {mixed=> {
        #traits
        let __start = #start;
        let __routine = #routine;
        #launch
    }})
}

/// An async block around an inline body. A `?` at its own level makes it a `Result`.
fn open_body(rt: &TokenStream, mut block: Block, labelled: bool, head: &TokenStream) -> TokenStream {
    let mixed = Span::mixed_site();
    let asks = question::first(&block).is_some();
    if labelled {
        awaits::mark(&mut block);
    }
    let import = body::label_import(rt, labelled);
    if !asks {
        let stmts = &block.stmts;
        return quote_spanned!(mixed=> #head { #import { #(#stmts)* } });
    }
    let stmts = match question::tail(&block) {
        Tail::Result => {
            let stmts = &block.stmts;
            quote!(#(#stmts)*)
        }
        Tail::None => {
            let stmts = ended(&block);
            quote_spanned!(mixed=> #stmts #[allow(unreachable_code)] ::core::result::Result::Ok(()))
        }
        Tail::Open(tail) => {
            let before = &block.stmts[..block.stmts.len() - 1];
            quote_spanned! {mixed=>
                #(#before)*
                match #tail {
                    __tail => {
                        #[allow(unused_imports, clippy::redundant_import)]
                        use #rt::{T0 as _, T1 as _};
                        (&&#rt::Tail(&__tail)).tail().lift(__tail)
                    }
                }
            }
        }
    };
    quote_spanned!(mixed=> #rt::fallible(#head { #import { #stmts } }))
}

/// The statements, with a `;` behind a last one that has no value.
fn ended(block: &Block) -> TokenStream {
    let stmts = &block.stmts;
    match stmts.last() {
        Some(Stmt::Expr(_, None)) => quote!(#(#stmts)* ;),
        _ => quote!(#(#stmts)*),
    }
}
