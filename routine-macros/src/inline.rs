//! Reads what stands in `routine!`: options, and the work.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Block, Error, Expr, ExprAsync, ExprClosure, Result, ReturnType, Stmt, Token, token};

use crate::args::{KNOWN, LISTS, Options};
use crate::check;
use crate::input::Body;

const NEEDS_WORK: &str = "`routine!` needs work to run: `routine! { statements }` or `routine!(options, future)`";

const OPTIONS_FIRST: &str = "options come before the work, and one piece of work is run";

/// What is to run.
pub(crate) enum Work {
    /// An expression that gives a future, evaluated by the caller.
    Future(Expr),
    /// Statements to await, with what they were written in.
    Statements { moves: bool, gives: ReturnType, body: Body },
    /// A closure for the blocking pool.
    Blocking(ExprClosure),
}

/// The options and the tokens of the work.
pub(crate) fn split(input: TokenStream) -> Result<(Options, TokenStream)> {
    let parsed = if let Some((list, work)) = in_angle_brackets(&input) {
        (syn::parse2(list)?, work)
    } else {
        in_front.parse2(input)?
    };
    let (options, work) = parsed;
    if work.is_empty() {
        return Err(match options.words() {
            [] => Error::new(proc_macro2::Span::call_site(), NEEDS_WORK),
            [only] => Error::new_spanned(
                only,
                format!("`{only}` alone runs nothing: add the work, as in `routine!({only}, future)`"),
            ),
            [first, ..] => Error::new_spanned(first, "options alone run nothing: add the work behind them"),
        });
    }
    Ok((options, work))
}

/// `<recover, name = "x"> statements`. The list ends at the first `>` that is no part of an arrow. A path such as
/// `<Vec<u8> as Trait>::run()` is no list: a list begins with an option, or with a word that stands like one.
fn in_angle_brackets(input: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let is = |token: &TokenTree, wanted: char| matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted);
    let mut tokens = input.clone().into_iter();
    if !is(&tokens.next()?, '<') {
        return None;
    }
    let mut options = Vec::new();
    loop {
        let token = tokens.next()?;
        let arrow = matches!(options.last(), Some(TokenTree::Punct(before))
            if before.spacing() == Spacing::Joint && matches!(before.as_char(), '-' | '='));
        if is(&token, '>') && !arrow {
            break;
        }
        options.push(token);
    }
    let stands_like_one = |after: Option<&TokenTree>| match after {
        None => true,
        Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), ',' | '='),
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(_) => false,
    };
    match options.first() {
        Some(TokenTree::Ident(word)) if KNOWN.iter().any(|known| word == known) => {}
        Some(TokenTree::Ident(_) | TokenTree::Literal(_)) if stands_like_one(options.get(1)) => {}
        None => {}
        Some(_) => return None,
    }
    let work: TokenStream = tokens.collect();
    let is_path = matches!(work.clone().into_iter().next(), Some(token) if is(&token, ':'));
    (!is_path).then(|| (options.into_iter().collect(), work))
}

/// `recover, name = "x", work`.
fn in_front(input: ParseStream<'_>) -> Result<(Options, TokenStream)> {
    let mut options = Options::default();
    while starts_option(input) {
        options.parse_one(input)?;
        crate::value::comma(input, "options")?;
    }
    check::combinations(&options)?;
    Ok((options, input.parse()?))
}

/// Whether what follows is an option. A word with a `=` or a comma behind it is meant as one, so that a slip in it is
/// found, unless it is unknown and all of it reads as statements.
fn starts_option(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(word) = Ident::parse_any(&ahead) else { return false };
    let known = KNOWN.iter().any(|known| word == known);
    if ahead.is_empty() {
        known
    } else if ahead.peek(Token![:]) {
        // No statement begins like that.
        !ahead.peek(Token![::])
    } else if ahead.peek(Token![==]) || ahead.peek(Token![=>]) || ahead.peek(Token![as]) {
        false
    } else if ahead.peek(Token![=]) {
        !is_assignment(&ahead) && (known || !reads_as_statements(input))
    } else if ahead.peek(Token![,]) {
        known || ahead.parse::<Token![,]>().is_ok_and(|_| !ahead.is_empty())
    } else if ahead.peek(token::Paren) {
        let group: Result<TokenTree> = ahead.parse();
        LISTS.iter().any(|list| word == list) && group.is_ok() && ahead.peek(Token![,])
    } else {
        known && (ahead.peek(syn::Ident::peek_any) || ahead.peek(syn::Lit) || ahead.peek(token::Brace))
    }
}

/// Whether `= expression;` follows: an assignment to a variable that has the name of an option.
fn is_assignment(ahead: ParseStream<'_>) -> bool {
    let ahead = ahead.fork();
    ahead.parse::<Token![=]>().is_ok() && ahead.parse::<Expr>().is_ok() && ahead.peek(Token![;])
}

fn reads_as_statements(input: ParseStream<'_>) -> bool {
    Block::parse_within(&input.fork()).is_ok()
}

/// Sorts the work by its syntax: one expression that is a call, a path, a field or a literal is the future itself; a block,
/// an async block and a closure are what they say; everything else is a body to await.
pub(crate) fn work(tokens: TokenStream) -> Result<Work> {
    let expression = |input: ParseStream<'_>| {
        let expr: Expr = input.parse()?;
        let comma: Option<Token![,]> = input.parse()?;
        let (place, rest): (_, TokenStream) = (input.span(), input.parse()?);
        Ok((expr, comma.is_some(), (!rest.is_empty()).then_some(place)))
    };
    let expr = match expression.parse2(tokens.clone()) {
        Ok((expr, _, None)) => expr,
        // No statement goes on with a comma.
        Ok((_, true, Some(place))) => return Err(Error::new(place, OPTIONS_FIRST)),
        Ok((_, false, Some(_))) | Err(_) => return Ok(statements(Body::statements(tokens))),
    };
    Ok(match unwrap(expr) {
        Expr::Async(ExprAsync { attrs, capture, block, .. }) if attrs.is_empty() => Work::Statements {
            moves: capture.is_some(),
            gives: ReturnType::Default,
            body: Body::Statements(block.stmts),
        },
        Expr::Closure(closure) => {
            if let Some(argument) = closure.inputs.first() {
                return Err(Error::new_spanned(
                    argument,
                    "a routine's closure takes no arguments; it captures what it needs",
                ));
            }
            if closure.asyncness.is_none() {
                return Ok(Work::Blocking(closure));
            }
            Work::Statements {
                moves: closure.capture.is_some(),
                gives: closure.output,
                body: Body::Statements(into_statements(*closure.body)),
            }
        }
        expr @ (Expr::Call(_) | Expr::MethodCall(_) | Expr::Path(_) | Expr::Field(_) | Expr::Lit(_)) => {
            Work::Future(expr)
        }
        expr => statements(Body::Statements(into_statements(expr))),
    })
}

fn statements(body: Body) -> Work {
    Work::Statements { moves: true, gives: ReturnType::Default, body }
}

/// The statements of a plain block, or the expression as the only one.
pub(crate) fn into_statements(expr: Expr) -> Vec<Stmt> {
    match expr {
        Expr::Block(block) if block.label.is_none() && block.attrs.is_empty() => block.block.stmts,
        expr => vec![Stmt::Expr(expr, None)],
    }
}

fn unwrap(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => unwrap(*group.expr),
        Expr::Paren(paren) => unwrap(*paren.expr),
        expr => expr,
    }
}

impl Work {
    pub(crate) fn is_blocking(&self) -> bool {
        matches!(self, Self::Blocking(_))
    }
}
