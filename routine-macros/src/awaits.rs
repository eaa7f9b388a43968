//! The labels that tell which line a routine waits at.
//!
//! ```text
//! // Input:
//! base.await
//! // Output:
//! __routine_at(base, ::core::line!()).await
//! ```
//!
//! The call's first token carries the span of `base`, so that an error in what is awaited stays where the user wrote it.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Stmt};

/// Macros of the standard library and of tracing, whose insides do not wait on their own.
const KNOWN: [&str; 32] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "concat",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "error",
    "file",
    "format",
    "format_args",
    "info",
    "line",
    "matches",
    "panic",
    "print",
    "println",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// The name under which an expansion brings in `keep`.
pub(crate) fn label() -> Ident {
    Ident::new("__routine_at", Span::mixed_site())
}

/// Labels the awaits at a body's own level.
pub(crate) fn mark(block: &mut Block) {
    Marker.visit_block_mut(block);
}

struct Marker;

impl VisitMut for Marker {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Await(awaited) => {
                let base = &awaited.base;
                let line = quote_spanned!(awaited.await_token.span=> ::core::line!());
                let span = base.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span());
                let label = Ident::new("__routine_at", span.resolved_at(Span::mixed_site()));
                *awaited.base = Expr::Verbatim(quote_spanned!(span=> #label(#base, #line)));
            }
            Expr::Macro(makro) if may_wait(&makro.mac) => {
                let mark = before(&makro.mac);
                *expr = Expr::Verbatim(quote!({ #mark #makro }));
            }
            _ => {}
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        visit_mut::visit_block_mut(self, block);
        let mut marked = Vec::with_capacity(block.stmts.len());
        for stmt in block.stmts.drain(..) {
            if let Stmt::Macro(stmt) = &stmt {
                if may_wait(&stmt.mac) {
                    marked.push(Stmt::Expr(Expr::Verbatim(before(&stmt.mac)), None));
                }
            }
            marked.push(stmt);
        }
        block.stmts = marked;
    }

    fn visit_expr_closure_mut(&mut self, _: &mut syn::ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut syn::ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}

fn before(makro: &syn::Macro) -> proc_macro2::TokenStream {
    let span = makro.path.span();
    let label = Ident::new("__routine_at", span.resolved_at(Span::mixed_site()));
    quote_spanned!(span=> #label((), ::core::line!());)
}

fn may_wait(makro: &syn::Macro) -> bool {
    makro.path.segments.last().is_some_and(|name| !KNOWN.iter().any(|known| name.ident == known))
}
