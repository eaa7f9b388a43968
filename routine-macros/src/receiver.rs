//! Puts another name in the place of `self`, which cannot be a variable of a closure.

use proc_macro2::{Group, Ident, Literal, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Item, Macro, Receiver};

use crate::input::Body;

/// What stands for `self`. As visible as a name of the user's own, since format strings look it up as one.
pub(crate) fn this() -> Ident {
    Ident::new("__routine_self", Span::call_site())
}

/// Input: `mut self: Arc<Self>`
/// Output: `self: Arc<Self>`, and `let mut __routine_self = __routine_self;`
///
/// It is the body that changes it, and not what it is cloned from.
pub(crate) fn rebind(receiver: &mut Receiver) -> TokenStream {
    let (mutability, this) = (receiver.mutability.take(), at(receiver.self_token.span));
    mutability.map(|mutability| quote!(let #mutability #this = #this;)).into_token_stream()
}

/// The body with the other name. Items inside it have a `self` of their own, and paths such as `self::step` are none.
pub(crate) fn renamed(body: Body) -> Body {
    match body {
        Body::Statements(mut statements) => {
            for statement in &mut statements {
                Rename.visit_stmt_mut(statement);
            }
            Body::Statements(statements)
        }
        Body::Verbatim(tokens) => Body::Verbatim(renamed_tokens(tokens)),
    }
}

struct Rename;

impl VisitMut for Rename {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Path(path) if path.path.is_ident("self") => {
                if let Some(last) = path.path.segments.last_mut() {
                    last.ident = at(last.ident.span());
                }
            }
            Expr::Verbatim(tokens) => *tokens = renamed_tokens(std::mem::take(tokens)),
            expr => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_macro_mut(&mut self, invocation: &mut Macro) {
        invocation.tokens = renamed_tokens(std::mem::take(&mut invocation.tokens));
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The name where `self` stood.
fn at(place: Span) -> Ident {
    let mut this = this();
    this.set_span(this.span().located_at(place));
    this
}

/// What cannot be read, such as the tokens of a macro.
pub(crate) fn renamed_tokens(tokens: TokenStream) -> TokenStream {
    let mut renamed = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        renamed.push(match token {
            TokenTree::Ident(ident) if ident == "self" => {
                let begins_a_path = matches!(tokens.peek(), Some(TokenTree::Punct(punct))
                    if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
                TokenTree::Ident(if begins_a_path { ident } else { at(ident.span()) })
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), renamed_tokens(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            TokenTree::Literal(literal) => TokenTree::Literal(captured(literal)),
            token => token,
        });
    }
    renamed.into_iter().collect()
}

/// `"{self:?}"` as a format string captures it: `"{__routine_self:?}"`.
fn captured(literal: Literal) -> Literal {
    let text = literal.to_string();
    let is_text = text.starts_with('"') || text.starts_with("r\"") || text.starts_with("r#");
    if !is_text || !text.contains("{self") {
        return literal;
    }
    let mut written = String::new();
    let mut rest = &*text;
    while let Some(place) = rest.find("{self") {
        let (before, from) = rest.split_at(place);
        written.push_str(before);
        // Two braces are a brace.
        let is_escaped = before.bytes().rev().take_while(|byte| *byte == b'{').count() % 2 == 1;
        let after = &from["{self".len()..];
        let is_name = after.starts_with(['}', ':']) && !is_escaped;
        written.push_str(if is_name { "{__routine_self" } else { "{self" });
        rest = after;
    }
    written.push_str(rest);
    // It was a literal, and only a name in it has changed.
    let mut captured: Literal = written.parse().unwrap_or_else(|_| literal.clone());
    captured.set_span(literal.span());
    captured
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn rename(tokens: TokenStream) -> String {
        let body = match Body::statements(tokens) {
            body @ Body::Statements(_) => body,
            Body::Verbatim(_) => panic!("it can be read"),
        };
        let mut renamed = TokenStream::new();
        quote::ToTokens::to_tokens(&super::renamed(body), &mut renamed);
        renamed.to_string()
    }

    #[test]
    fn only_the_receiver_is_renamed() {
        for (body, expected) in [
            (quote!(self.load().await), quote!(__routine_self.load().await)),
            (quote!(println!("{}", self.size)), quote!(println!("{}", __routine_self.size))),
            (
                quote!(println!("{self:?} {{self}} {selfish}")),
                quote!(println!("{__routine_self:?} {{self}} {selfish}")),
            ),
            (quote!(self::step(self)), quote!(self::step(__routine_self))),
            (quote!(vec![self::step(self)]), quote!(vec![self::step(__routine_self)])),
            (
                quote!(
                    use std::io::{self, Write};
                ),
                quote!(
                    use std::io::{self, Write};
                ),
            ),
            (quote!(impl T { fn f(&self) -> u8 { self.0 } }), quote!(impl T { fn f(&self) -> u8 { self.0 } })),
            (quote!(let f = || self.x;), quote!(let f = || __routine_self.x;)),
            (quote!(print("{self}")), quote!(print("{self}"))),
        ] {
            // Tokens may be joined or not.
            let plain = |text: String| text.split_whitespace().collect::<String>();
            assert_eq!(plain(rename(body)), plain(expected.to_string()));
        }
    }
}
