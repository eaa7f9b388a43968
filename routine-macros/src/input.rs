//! What `routine!` was given.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Block, Error, Expr, ExprAsync, ExprClosure, Ident, Path, Result, Stmt, Token, token};

use crate::args::{self, Args};

const NO_WORK: &str = "`routine!` needs work to run: `routine! { statements }` or `routine!(options, future)`";

/// The path of the crate, the options and the work.
pub(crate) struct Inline {
    pub(crate) krate: Path,
    pub(crate) args: Args,
    pub(crate) work: Work,
    /// The first token of the work, to blame.
    pub(crate) span: Span,
}

/// The forms of work.
pub(crate) enum Work {
    Statements(Block),
    Async(ExprAsync),
    AsyncClosure(ExprClosure),
    Blocking(ExprClosure),
    Future(Expr),
    /// What does not parse, for the compiler to speak of.
    Verbatim(TokenStream),
}

impl Parse for Inline {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let krate;
        syn::parenthesized!(krate in input);
        let krate = krate.call(Path::parse_mod_style)?;
        let args = options(input)?;
        if input.is_empty() {
            let last = args.given.last();
            return Err(match last {
                Some((word, span)) => Error::new(*span, format!("`{word}` alone runs nothing; {NO_WORK}")),
                None => Error::new(Span::call_site(), NO_WORK),
            });
        }
        let span = input.span();
        let rest: TokenStream = input.parse()?;
        let work = work(rest)?;
        Ok(Self { krate, args, work, span })
    }
}

/// The options before the work.
fn options(input: ParseStream<'_>) -> Result<Args> {
    if let Some(args) = in_angles(input)? {
        return Ok(args);
    }
    let mut args = Args::default();
    while starts_option(input) {
        args.option(input)?;
        args::separator(input)?;
    }
    Ok(args)
}

/// Whether an option stands next: a word before `=`, before `,` and more, or alone; or a list under one of our words.
fn starts_option(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(word) = ahead.call(Ident::parse_any) else { return false };
    let text = word.to_string();
    let known = args::WORDS.contains(&text.as_str());
    if ahead.is_empty() {
        return known && text != "when" && text != "graceful";
    }
    if ahead.peek(Token![==]) || ahead.peek(Token![=>]) {
        return false;
    }
    if ahead.peek(Token![=]) || ahead.peek(Token![,]) {
        return true;
    }
    if ahead.peek(token::Paren) && args::LISTS.contains(&text.as_str()) {
        return true;
    }
    // A flag of ours before the start of something else: the comma is missing.
    ["recover", "must_success", "quiet", "root", "in_place"].contains(&text.as_str()) && ahead.peek(Ident::peek_any)
}

/// `<options>`, before statements.
fn in_angles(input: ParseStream<'_>) -> Result<Option<Args>> {
    if !input.peek(Token![<]) {
        return Ok(None);
    }
    let ahead = input.fork();
    ahead.parse::<Token![<]>()?;
    let empty = ahead.peek(Token![>]);
    let option = ahead.call(Ident::parse_any).is_ok_and(|word| {
        args::WORDS.contains(&word.to_string().as_str()) || ahead.peek(Token![=]) || ahead.peek(Token![,])
    });
    if !empty && !option {
        return Ok(None);
    }
    let open: Token![<] = input.parse()?;
    let mut options = TokenStream::new();
    let mut before = None;
    loop {
        if input.is_empty() {
            return Err(Error::new(open.span, "this `<` has no `>` behind its options"));
        }
        let token: TokenTree = input.parse()?;
        let sign = match &token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        };
        // The list ends at the first `>` that is no part of `->` or `=>`.
        if sign == Some('>') && !matches!(before, Some('-' | '=')) {
            break;
        }
        before = sign;
        options.extend([token]);
    }
    syn::parse2(options).map(Some)
}

fn work(rest: TokenStream) -> Result<Work> {
    let Ok(stmts) = syn::parse::Parser::parse2(Block::parse_within, rest.clone()) else {
        return Ok(Work::Verbatim(rest));
    };
    let [Stmt::Expr(expr, None)] = stmts.as_slice() else {
        return Ok(Work::Statements(block(stmts)));
    };
    match expr {
        Expr::Async(expr) => Ok(Work::Async(expr.clone())),
        Expr::Closure(closure) => {
            if let Some(argument) = closure.inputs.first() {
                let message = "a routine's closure takes no arguments; it captures what it needs";
                return Err(Error::new_spanned(argument, message));
            }
            Ok(if closure.asyncness.is_some() {
                Work::AsyncClosure(closure.clone())
            } else {
                Work::Blocking(closure.clone())
            })
        }
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Path(_) | Expr::Field(_) | Expr::Lit(_) => {
            Ok(Work::Future(expr.clone()))
        }
        Expr::Block(inner) if inner.label.is_none() && inner.attrs.is_empty() => {
            Ok(Work::Statements(inner.block.clone()))
        }
        _ => Ok(Work::Statements(block(stmts))),
    }
}

fn block(stmts: Vec<Stmt>) -> Block {
    Block { brace_token: token::Brace::default(), stmts }
}
