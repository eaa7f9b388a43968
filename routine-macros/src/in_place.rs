//! The form that keeps a function as it is, and wraps its body.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Block, Expr, ItemFn, ReturnType, Stmt, Type};

use crate::args::Args;
use crate::start::{self, Place};
use crate::{awaits, body, check};

/// ```text
/// // Input:
/// async fn f(&self, x: &str) -> R { body }
/// // Output:
/// async fn f(&self, x: &str) -> R { in_place(start, async move { body }, returns).await }
/// ```
pub(crate) fn expand(rt: &TokenStream, args: &Args, mut function: ItemFn) -> TokenStream {
    let mixed = Span::mixed_site();
    let name = function.sig.ident.to_string();
    let start = start::start(rt, args, &name, Place::Here);
    let blame = match &function.sig.output {
        ReturnType::Type(_, output) => output.span(),
        ReturnType::Default => function.sig.ident.span(),
    };
    let asynchronous = function.sig.asyncness.is_some();
    if args.awaits != Some(false) && asynchronous {
        awaits::mark(&mut function.block);
    }
    let inner = if asynchronous {
        let import = body::label_import(rt, args.awaits != Some(false));
        let pin = body::pin(rt, &function.sig.output);
        let stmts = &function.block.stmts;
        let wrapped =
            wrap(rt, args, &start, &quote_spanned!(mixed=> async move { #import #pin { #(#stmts)* } }), blame);
        quote_spanned!(mixed=> #wrapped.await)
    } else if matches!(&function.sig.output, ReturnType::Type(_, output) if check::is_future(output)) {
        future_tail(rt, args, &start, &function.block, blame)
    } else {
        call(rt, args, &start, &function)
    };
    let ItemFn { attrs, vis, sig, block, .. } = &function;
    let (outer, inner_attrs): (Vec<_>, Vec<_>) =
        attrs.iter().partition(|attr| matches!(attr.style, syn::AttrStyle::Outer));
    let inner_attrs = inner_attrs.iter().map(|attr| &attr.meta);
    let mut braces = proc_macro2::Group::new(proc_macro2::Delimiter::Brace, inner);
    braces.set_span(block.brace_token.span.join());
    quote_spanned!(mixed=> #(#outer)* #(#[#inner_attrs])* #vis #sig #braces)
}

/// A future in place: what it returns tells the ladder whether it may be a failure.
fn wrap(rt: &TokenStream, args: &Args, start: &TokenStream, future: &TokenStream, blame: Span) -> TokenStream {
    let mixed = Span::mixed_site();
    let recover = conversions(rt, args, blame);
    quote_spanned! {mixed=> {
        #[allow(unused_imports, clippy::redundant_import)]
        use #rt::{R0 as _, R1 as _};
        let __start = #start;
        let __routine = #future;
        let __returns = (&&#rt::Probe(&__routine)).returns();
        #recover
        #rt::in_place(__start, __routine, __returns)
    }}
}

/// What makes a return value of a panic, and of a time that ran out, where those are asked for.
fn conversions(rt: &TokenStream, args: &Args, blame: Span) -> TokenStream {
    let mixed = Span::mixed_site();
    let returns = syn::Ident::new("__returns", blame.resolved_at(mixed));
    let mut conversions = TokenStream::new();
    if args.has("recover") {
        conversions.extend(quote_spanned!(mixed=> let __returns = #rt::recovering(#returns);));
    }
    if args.timeout.is_some() {
        conversions.extend(quote_spanned!(mixed=> let __returns = #rt::timing_out(#returns);));
    }
    conversions
}

/// A function that returns a future: its tail is the future, or the box of it that `async_trait` makes.
fn future_tail(rt: &TokenStream, args: &Args, start: &TokenStream, block: &Block, blame: Span) -> TokenStream {
    let mixed = Span::mixed_site();
    let Some((Stmt::Expr(tail, None), before)) = block.stmts.split_last() else {
        let stmts = &block.stmts;
        return quote_spanned!(mixed=> #(#stmts)*);
    };
    if let Expr::Call(call) = tail {
        let pins = matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "pin"));
        if let (true, Some(future)) = (pins, call.args.first()) {
            let func = &call.func;
            let wrapped = wrap(rt, args, start, &quote_spanned!(mixed=> #future), blame);
            return quote_spanned!(mixed=> #(#before)* #func(#wrapped));
        }
    }
    let wrapped = wrap(rt, args, start, &quote_spanned!(mixed=> #tail), blame);
    quote_spanned!(mixed=> #(#before)* #wrapped)
}

/// A plain function: its body is called in place.
fn call(rt: &TokenStream, args: &Args, start: &TokenStream, function: &ItemFn) -> TokenStream {
    let mixed = Span::mixed_site();
    let stmts = &function.block.stmts;
    let output = &function.sig.output;
    let opaque = matches!(output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) || has_impl(ty));
    let output = if opaque { TokenStream::new() } else { quote_spanned!(mixed=> #output) };
    let blame = match &function.sig.output {
        ReturnType::Type(_, output) => output.span(),
        ReturnType::Default => function.sig.ident.span(),
    };
    let recover = conversions(rt, args, blame);
    quote_spanned! {mixed=>
        #[allow(unused_imports, clippy::redundant_import)]
        use #rt::{C0 as _, C1 as _};
        let __start = #start;
        let __routine = move || #output { #(#stmts)* };
        let __returns = (&&#rt::Probe(&__routine)).call_returns();
        #recover
        #rt::in_place_call(__start, __returns, __routine)
    }
}

fn has_impl(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> syn::visit::Visit<'ast> for Search {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    syn::visit::Visit::visit_type(&mut search, ty);
    search.0
}
