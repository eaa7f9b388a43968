//! Question marks at a body's own level, and what they make of an inline body.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, Stmt, Token};

/// The first `?` whose error would leave the body: not one in a closure, an async block or an item inside it.
pub(crate) fn first(block: &Block) -> Option<TokenStream> {
    let mut search = Search(None);
    search.visit_block(block);
    search.0
}

struct Search(Option<TokenStream>);

impl<'ast> Visit<'ast> for Search {
    fn visit_expr_try(&mut self, expr: &'ast syn::ExprTry) {
        visit::visit_expr_try(self, expr);
        let mark: &Token![?] = &expr.question_token;
        self.0.get_or_insert_with(|| quote::quote!(#mark));
    }

    fn visit_macro(&mut self, makro: &'ast syn::Macro) {
        if let Some(mark) = in_tokens(makro.tokens.clone()) {
            self.0.get_or_insert(mark);
        }
    }

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}
    fn visit_expr_try_block(&mut self, _: &'ast syn::ExprTryBlock) {}
    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// A `?` behind a value in the arguments of a macro, which cannot be parsed; given up where something opens a level of its
/// own.
fn in_tokens(tokens: TokenStream) -> Option<TokenStream> {
    let mut behind_value = false;
    for token in tokens {
        match token {
            TokenTree::Ident(word) if ["async", "move", "fn"].iter().any(|own| word == own) => return None,
            TokenTree::Punct(punct) if punct.as_char() == '|' => return None,
            TokenTree::Punct(punct) if punct.as_char() == '?' && behind_value => return Some(quote::quote!(#punct)),
            TokenTree::Group(group) => {
                if let Some(mark) = in_tokens(group.stream()) {
                    return Some(mark);
                }
                behind_value = true;
            }
            TokenTree::Punct(_) => behind_value = false,
            TokenTree::Ident(_) | TokenTree::Literal(_) => behind_value = true,
        }
    }
    None
}

/// How a body ends, for what has to be made of it.
pub(crate) enum Tail<'a> {
    /// Without a value: `Ok(())` has to follow.
    None,
    /// Plainly a `Result`, or never.
    Result,
    /// A value that may be a `Result` or not.
    Open(&'a Expr),
}

/// How a body ends.
pub(crate) fn tail(block: &Block) -> Tail<'_> {
    match block.stmts.last() {
        Some(Stmt::Expr(expr, None)) => match expr {
            Expr::Loop(_) | Expr::Return(_) => Tail::Result,
            Expr::ForLoop(_) | Expr::While(_) => Tail::None,
            Expr::If(expr) if !has_else(expr) => Tail::None,
            Expr::Call(call) if is_variant(&call.func) => Tail::Result,
            _ => Tail::Open(expr),
        },
        _ => Tail::None,
    }
}

fn has_else(expr: &syn::ExprIf) -> bool {
    match &expr.else_branch {
        None => false,
        Some((_, branch)) => match &**branch {
            Expr::If(next) => has_else(next),
            _ => true,
        },
    }
}

fn is_variant(func: &Expr) -> bool {
    match func {
        Expr::Path(path) => path.path.is_ident("Ok") || path.path.is_ident("Err"),
        _ => false,
    }
}
