//! The options of one routine: `recover, name = "import", fields(user = id)`.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, LitStr, Path, Result};

use crate::value::{self, Field, Restart, Retry};
use crate::{check, suggest};

/// Every option there is. The table is the grammar: later work adds behaviour, not other names.
pub(crate) const KNOWN: [&str; 20] = [
    "recover",
    "must_success",
    "name",
    "in_place",
    "timeout",
    "fields",
    "crate",
    "retry",
    "restart",
    "every",
    "cron",
    "after",
    "tz",
    "span",
    "quiet",
    "root",
    "pool",
    "group",
    "awaits",
    "phase",
];

/// Options that take a list in parentheses, so that their word in front of a `(` is no call.
pub(crate) const LISTS: [&str; 4] = ["fields", "retry", "restart", "must_success"];

#[derive(Default)]
pub(crate) struct Options {
    /// The words as they were written, in their order.
    given: Vec<Ident>,
    pub(crate) name: Option<Expr>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) fields: Vec<Field>,
    pub(crate) span: Option<Ident>,
    pub(crate) krate: Option<Path>,
    /// The time of `must_success(graceful = ..)`.
    pub(crate) graceful: Option<Duration>,
    pub(crate) phase: Option<u8>,
    pub(crate) every: Option<Duration>,
    pub(crate) after: Option<Duration>,
    pub(crate) cron: Option<LitStr>,
    pub(crate) tz: Option<LitStr>,
    pub(crate) retry: Option<Retry>,
    pub(crate) restart: Option<Restart>,
}

impl Parse for Options {
    /// Options and nothing else.
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            options.parse_one(input)?;
            value::comma(input, "options")?;
        }
        check::combinations(&options)?;
        Ok(options)
    }
}

impl Options {
    /// Where the word of an option was written.
    pub(crate) fn given(&self, option: &str) -> Option<&Ident> {
        self.given.iter().find(|word| *word == option)
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.given(option).is_some()
    }

    /// Whether `later` was written behind `earlier`.
    pub(crate) fn in_order(&self, earlier: &Ident, later: &Ident) -> bool {
        let place = |word: &Ident| self.given.iter().position(|given| given == word);
        place(earlier) < place(later)
    }

    pub(crate) fn words(&self) -> &[Ident] {
        &self.given
    }

    /// Whether an expression among the options uses the argument `name`, also as `"{name}"`.
    pub(crate) fn mention(&self, name: &Ident) -> bool {
        let exprs = self.name.iter().chain(self.fields.iter().map(|field| &field.value));
        exprs.into_iter().any(|expr| mentions(expr.to_token_stream(), &name.to_string()))
    }

    /// Reads one option, up to the comma behind it.
    pub(crate) fn parse_one(&mut self, input: ParseStream<'_>) -> Result<()> {
        let found = input.cursor();
        let word = Ident::parse_any(input)
            .map_err(|_| Error::new(found.span(), "expected an option, such as `name = \"x\"`"))?;
        if self.given.contains(&word) {
            return Err(Error::new_spanned(&word, format!("`{word}` is given twice")));
        }
        match word.to_string().as_str() {
            "recover" | "in_place" | "quiet" | "root" => value::none(input, &word)?,
            "must_success" => self.graceful = value::graceful(input, &word)?,
            "name" => self.name = Some(value::name(input, &word)?),
            "timeout" => self.timeout = Some(value::duration(input, &word)?),
            "fields" => self.fields = value::fields(input, &word)?,
            "span" => self.span = Some(value::span(input, &word)?),
            "phase" => self.phase = Some(value::phase(input, &word)?),
            "awaits" => value::only_false(input, &word)?,
            "crate" => self.krate = Some(value::path(input, &word)?),
            "retry" => self.retry = Some(value::retry(input, &word)?),
            "restart" => self.restart = Some(value::restart(input, &word)?),
            "every" => self.every = Some(value::duration(input, &word)?),
            "after" => self.after = Some(value::duration(input, &word)?),
            "cron" => self.cron = Some(value::cron(input, &word)?),
            "tz" => self.tz = Some(value::zone(input, &word)?),
            "pool" | "group" => drop(value::expression(input, &word)?),
            unknown => return Err(refuse(&word, unknown)),
        }
        self.given.push(word);
        Ok(())
    }
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) => false,
    })
}

fn refuse(word: &Ident, unknown: &str) -> Error {
    let hint = match unknown {
        "blocking" => "a plain `fn`, or `|| ..` in `routine!`, runs on the blocking pool".to_owned(),
        _ => suggest::nearest(unknown, KNOWN)
            .map_or_else(|| format!("there is `{}`", KNOWN.join("`, `")), |meant| format!("did you mean `{meant}`?")),
    };
    Error::new_spanned(word, format!("unknown option `{unknown}`; {hint}"))
}
