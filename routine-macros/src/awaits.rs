//! Notes the line of each `.await` at a body's own level in the routine, just before it waits.
//!
//! Awaits at one level follow each other, so the last line that was noted is the line where the routine is parked. There
//! is no wrapper around the awaited future, so it does not grow.
//!
//! A macro call that may wait (`select!`, `join!`, any whose inside cannot be seen) gets its own line noted before it, so
//! that a routine parked in it never shows an earlier one. Macro arguments, closures, async blocks and items are left
//! alone: they may run elsewhere.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Block, Expr, ExprAsync, ExprAwait, ExprClosure, ExprConst, ExprWhile, Ident, Item, Macro, Stmt, StmtMacro,
    parse_quote, parse_quote_spanned,
};

/// Macros that never wait, as everybody knows them.
const NEVER_WAIT: [&str; 50] = [
    "anyhow",
    "assert",
    "assert_eq",
    "assert_matches",
    "assert_ne",
    "bail",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "debug_span",
    "ensure",
    "env",
    "eprint",
    "eprintln",
    "error",
    "error_span",
    "event",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "info",
    "info_span",
    "line",
    "log",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "pin",
    "print",
    "println",
    "span",
    "stringify",
    "todo",
    "trace",
    "trace_span",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// Macros that wait, so that a line is noted even where that takes an expression around them.
const WAIT: [&str; 6] = ["join", "race", "select", "select_biased", "try_join", "try_select"];

/// Labels the awaits of a body; `rt` is the path of what an expansion may name.
pub(crate) fn label(statements: &mut Vec<Stmt>, rt: &TokenStream) {
    let mut labeller = Labeller { rt, waited: false, again: false, before: None, any: false };
    labeller.statements(statements);
    if labeller.any {
        let note = note_ident(Span::mixed_site());
        statements.insert(0, parse_quote! { #[allow(unused_imports)] use #rt::keep as #note; });
    }
}

struct Labeller<'a> {
    rt: &'a TokenStream,
    /// Whether something in this statement has waited already.
    waited: bool,
    /// Whether this is the condition of a loop, which runs again after the body has waited.
    again: bool,
    /// The line to note before this statement.
    before: Option<Span>,
    /// Whether anything was labelled at all.
    any: bool,
}

impl Labeller<'_> {
    fn statements(&mut self, statements: &mut Vec<Stmt>) {
        for mut statement in std::mem::take(statements) {
            let outer = (std::mem::take(&mut self.waited), std::mem::take(&mut self.again), self.before.take());
            self.visit_stmt_mut(&mut statement);
            if let Some(place) = self.before.take() {
                statements.push(self.note(place));
            }
            statements.push(statement);
            self.waited |= outer.0;
            (self.again, self.before) = (outer.1, outer.2);
        }
    }

    /// `note(Noted, line!())`, which shows the line of `place`.
    fn note(&mut self, place: Span) -> Stmt {
        self.any = true;
        let call = self.note_call(place);
        parse_quote! { #call; }
    }

    fn note_call(&self, place: Span) -> TokenStream {
        let (rt, note) = (self.rt, note_ident(place));
        quote_spanned! {place=> #note(#rt::Noted, ::core::line!()) }
    }

    /// Notes the line of a macro before its statement if it is the first there that may wait.
    fn before_statement(&mut self, call: &Macro) -> bool {
        let first = !self.waited && !self.again;
        self.waited = true;
        if first {
            self.before = Some(call.path.span());
        }
        first
    }
}

impl VisitMut for Labeller<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.statements(&mut block.stmts);
    }

    /// Input: `base.await`.
    /// Output: `note(base, line!()).await`, where `note` stands at `base`, so that an error about its type does too, and
    /// `line!()` at the `await`.
    fn visit_expr_await_mut(&mut self, expr: &mut ExprAwait) {
        self.visit_expr_mut(&mut expr.base);
        let mut base = &*expr.base;
        while let Expr::Paren(paren) = base {
            base = &paren.expr;
        }
        let note = note_ident(base.span());
        let line: Expr = parse_quote_spanned!(expr.await_token.span=> ::core::line!());
        *expr.base = parse_quote_spanned!(base.span()=> #note(#base, #line));
        self.waited = true;
        self.any = true;
    }

    fn visit_stmt_macro_mut(&mut self, call: &mut StmtMacro) {
        if may_wait(&call.mac) {
            self.before_statement(&call.mac);
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let Expr::Macro(call) = &*expr else { return visit_mut::visit_expr_mut(self, expr) };
        if may_wait(&call.mac) && !self.before_statement(&call.mac) && waits(&call.mac) {
            self.any = true;
            let note = self.note_call(call.mac.path.span());
            *expr = parse_quote!(#note.then(#call));
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        if let Expr::Macro(call) = &*arm.body {
            if may_wait(&call.mac) {
                visit_mut::visit_pat_mut(self, &mut arm.pat);
                let Expr::Macro(call) = &*arm.body else { return };
                let note = self.note(call.mac.path.span());
                *arm.body = parse_quote!({ #note #call });
                self.waited = true;
                return;
            }
        }
        visit_mut::visit_arm_mut(self, arm);
    }

    fn visit_expr_while_mut(&mut self, expr: &mut ExprWhile) {
        let outer = std::mem::replace(&mut self.again, true);
        self.visit_expr_mut(&mut expr.cond);
        self.again = outer;
        self.visit_block_mut(&mut expr.body);
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_expr_const_mut(&mut self, _: &mut ExprConst) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

fn name(call: &Macro) -> String {
    call.path.segments.last().map_or_else(String::new, |last| last.ident.to_string())
}

fn may_wait(call: &Macro) -> bool {
    !NEVER_WAIT.contains(&name(call).as_str()) || awaits(call.tokens.clone())
}

fn waits(call: &Macro) -> bool {
    WAIT.contains(&name(call).as_str()) || awaits(call.tokens.clone())
}

fn awaits(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "await",
        TokenTree::Group(group) => awaits(group.stream()),
        _ => false,
    })
}

fn note_ident(place: Span) -> Ident {
    Ident::new("__routine_at", place)
}
