//! What a `?` in an inline body means: the body ends in a `Result`, though nothing says so.
//!
//! Only a `?` at the body's own level counts, not one in a nested closure, async block or item. Without one, nothing is
//! touched.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, ExprAsync, ExprBreak, ExprClosure, ExprConst, ExprForLoop, ExprLoop, ExprReturn, ExprTry,
    ExprTryBlock, ExprWhile, Item, Lifetime, Macro, Stmt, StmtMacro, parse_quote_spanned,
};

use crate::input::private;

/// The first `?` at the statements' own level.
pub(crate) fn find(statements: &[Stmt]) -> Option<Span> {
    let mut finder = Finder(None);
    for statement in statements {
        finder.visit_stmt(statement);
    }
    finder.0
}

struct Finder(Option<Span>);

impl<'ast> Visit<'ast> for Finder {
    fn visit_expr_try(&mut self, expr: &'ast ExprTry) {
        visit::visit_expr_try(self, expr);
        self.0 = self.0.or(Some(expr.question_token.span()));
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.0 = self.0.or_else(|| find_in_tokens(call.tokens.clone()));
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_expr_const(&mut self, _: &'ast ExprConst) {}
    fn visit_expr_try_block(&mut self, _: &'ast ExprTryBlock) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

/// A `?` behind a value.
fn find_in_tokens(tokens: TokenStream) -> Option<Span> {
    let mut level = OwnLevel::default();
    let mut behind_value = false;
    for token in tokens {
        let own = level.holds(&token);
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '?' && behind_value && own => return Some(punct.span()),
            TokenTree::Group(group) if own => {
                if let Some(found) = find_in_tokens(group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
        behind_value = match &token {
            TokenTree::Ident(_) | TokenTree::Literal(_) => true,
            TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
            TokenTree::Punct(_) => false,
        };
    }
    None
}

/// Which of a macro's tokens belong to the body itself, and not to a closure, an async block or a function in there.
///
/// Behind a `|`, which may begin a closure or stand in a pattern, nothing does until the next `=>`, `,` or `;`; behind
/// `async` and `fn` nothing does up to the end of the next braces.
#[derive(Default)]
struct OwnLevel {
    behind_bar: bool,
    before_braces: bool,
    behind_equals: bool,
}

impl OwnLevel {
    fn holds(&mut self, token: &TokenTree) -> bool {
        let was_equals = std::mem::take(&mut self.behind_equals);
        let mut own = !self.behind_bar && !self.before_braces;
        match token {
            TokenTree::Punct(punct) => match punct.as_char() {
                '|' => self.behind_bar = true,
                ',' | ';' => self.behind_bar = false,
                '>' if was_equals => self.behind_bar = false,
                '=' => self.behind_equals = true,
                _ => {}
            },
            TokenTree::Ident(word) if word == "async" || word == "fn" => {
                self.before_braces = true;
                own = false;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => self.before_braces = false,
            _ => {}
        }
        own
    }
}

/// Makes a body with a `?` end in a `Result`.
pub(crate) fn settle(statements: &mut Vec<Stmt>, rt: &TokenStream) {
    for statement in statements.iter_mut() {
        Returns.visit_stmt_mut(statement);
    }
    match statements.last_mut() {
        Some(Stmt::Expr(tail, None)) if !is_valueless(tail) => {
            if !is_settled(tail) {
                *tail = lift(tail, starts_with_struct(tail), rt);
            }
        }
        Some(last @ Stmt::Macro(StmtMacro { semi_token: None, .. })) => *last = Stmt::Expr(lift(last, false, rt), None),
        // What it returns there is what the body ends in, if that is not compiled under a condition.
        Some(Stmt::Expr(Expr::Return(last), Some(_))) if last.attrs.is_empty() => {}
        _ => statements.push(Stmt::Expr(done(), None)),
    }
}

/// `Ok(())`, where a body may also never get to.
fn done() -> Expr {
    parse_quote_spanned!(Span::mixed_site()=> #[allow(unreachable_code)] ::core::result::Result::Ok(()))
}

/// Input: `tail`.
/// Output: `match tail { t => (&&Tail(&t)).tail().lift(t) }`, so that what the tail borrows lives as long as before.
fn lift(tail: &impl ToTokens, in_parentheses: bool, rt: &TokenStream) -> Expr {
    let value = private("__tail");
    let place = tail.span().resolved_at(Span::mixed_site());
    // A struct literal must be in parentheses there, and anything else must not, for the compiler's lints.
    let tail = if in_parentheses { quote_spanned!(place=> (#tail)) } else { tail.to_token_stream() };
    let lifted = quote_spanned! {place=>
        match #tail {
            #[allow(unreachable_code)]
            #value => (&&#rt::Tail(&#value)).tail().lift(#value),
        }
    };
    Expr::Verbatim(quote! {{
        use #rt::{T0 as _, T1 as _};
        #lifted
    }})
}

/// A last statement that has no value, though nothing ends it: a loop, or an `if` without `else`.
fn is_valueless(tail: &Expr) -> bool {
    match tail {
        Expr::ForLoop(_) | Expr::While(_) => true,
        Expr::If(branch) => match &branch.else_branch {
            None => true,
            Some((_, rest)) => matches!(**rest, Expr::If(_)) && is_valueless(rest),
        },
        _ => false,
    }
}

/// Whether an expression begins with a struct literal, whose brace a `match` would take for its own.
fn starts_with_struct(tail: &Expr) -> bool {
    match tail {
        Expr::Struct(_) => true,
        Expr::MethodCall(call) => starts_with_struct(&call.receiver),
        Expr::Field(field) => starts_with_struct(&field.base),
        Expr::Await(wait) => starts_with_struct(&wait.base),
        Expr::Try(question) => starts_with_struct(&question.expr),
        Expr::Index(index) => starts_with_struct(&index.expr),
        Expr::Cast(cast) => starts_with_struct(&cast.expr),
        Expr::Binary(binary) => starts_with_struct(&binary.left) || starts_with_struct(&binary.right),
        Expr::Assign(assign) => starts_with_struct(&assign.right),
        Expr::Range(range) => [&range.start, &range.end].into_iter().flatten().any(|end| starts_with_struct(end)),
        Expr::Reference(reference) => starts_with_struct(&reference.expr),
        Expr::Unary(unary) => starts_with_struct(&unary.expr),
        _ => false,
    }
}

/// A tail that is a `Result` or nothing, as anybody can see.
fn is_settled(tail: &Expr) -> bool {
    match tail {
        Expr::Return(_) => true,
        Expr::Loop(forever) => !Break::ends(forever),
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident == "Ok" || last.ident == "Err")),
        _ => false,
    }
}

/// Looks for the `break` that ends a loop, which then has a value after all.
struct Break<'a> {
    label: Option<&'a Lifetime>,
    /// Loops between that one and here.
    depth: usize,
    found: bool,
}

impl Break<'_> {
    fn ends(forever: &ExprLoop) -> bool {
        let mut search = Break { label: forever.label.as_ref().map(|label| &label.name), depth: 0, found: false };
        search.visit_block(&forever.body);
        search.found
    }

    fn inner(&mut self, body: &Block) {
        self.depth += 1;
        self.visit_block(body);
        self.depth -= 1;
    }
}

impl<'ast> Visit<'ast> for Break<'_> {
    fn visit_expr_break(&mut self, expr: &'ast ExprBreak) {
        self.found |= match &expr.label {
            Some(label) => Some(label) == self.label,
            None => self.depth == 0,
        };
    }

    // What a macro does with a `break` cannot be seen; in `select!` it ends the loop around.
    fn visit_macro(&mut self, call: &'ast Macro) {
        self.found |= has_break(call.tokens.clone());
    }

    fn visit_expr_loop(&mut self, expr: &'ast ExprLoop) {
        self.inner(&expr.body);
    }

    fn visit_expr_while(&mut self, expr: &'ast ExprWhile) {
        self.inner(&expr.body);
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast ExprForLoop) {
        self.inner(&expr.body);
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

fn has_break(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "break",
        TokenTree::Group(group) => has_break(group.stream()),
        _ => false,
    })
}

/// Input: `return;`.
/// Output: `return Ok(());`.
struct Returns;

impl VisitMut for Returns {
    fn visit_expr_return_mut(&mut self, expr: &mut ExprReturn) {
        if expr.expr.is_none() {
            expr.expr = Some(parse_quote_spanned!(expr.return_token.span()=> ::core::result::Result::Ok(())));
        }
        visit_mut::visit_expr_return_mut(self, expr);
    }

    // Of the macros, only `select!` is known to hold statements of the body around it.
    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let is_select = |name: &Ident| name == "select" || name == "select_biased";
        if call.path.segments.last().is_some_and(|last| is_select(&last.ident)) {
            call.tokens = with_returns(std::mem::take(&mut call.tokens));
        }
    }

    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// As [`Returns`], for tokens that are no syntax by themselves: a `return` with no value is one that ends what it is in.
fn with_returns(tokens: TokenStream) -> TokenStream {
    let mut level = OwnLevel::default();
    let mut settled = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if !level.holds(&token) {
            settled.append(token);
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), with_returns(group.stream()));
                inner.set_span(group.span());
                settled.append(inner);
            }
            TokenTree::Ident(word) if word == "return" => {
                let ends =
                    |next: &TokenTree| matches!(next, TokenTree::Punct(end) if matches!(end.as_char(), ',' | ';'));
                let value = tokens
                    .peek()
                    .is_none_or(ends)
                    .then(|| quote_spanned!(word.span()=> ::core::result::Result::Ok(())));
                settled.append(word);
                settled.extend(value);
            }
            other => settled.append(other),
        }
    }
    settled
}
