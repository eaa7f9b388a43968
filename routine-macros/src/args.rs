//! The options, as they are written.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Lit, LitStr, Path, Result, Token, token};

use crate::{cron, duration};

/// Every option there is.
pub(crate) const WORDS: [&str; 21] = [
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
    "graceful",
    "when",
];

/// Options that take a list in parentheses.
pub(crate) const LISTS: [&str; 4] = ["fields", "retry", "restart", "must_success"];

/// The options that were given.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<Expr>,
    pub(crate) timeout: Option<(u64, u32)>,
    pub(crate) fields: Vec<(String, Expr)>,
    pub(crate) krate: Option<Path>,
    pub(crate) span: Option<Ident>,
    pub(crate) awaits: Option<bool>,
    /// Every option by its word, in the order of the text.
    pub(crate) given: Vec<(String, Span)>,
    /// The first option that is written well and does nothing yet.
    pub(crate) later: Option<(String, Span)>,
}

impl Args {
    pub(crate) fn has(&self, word: &str) -> bool {
        self.given.iter().any(|(given, _)| given == word)
    }

    pub(crate) fn span_of(&self, word: &str) -> Option<Span> {
        self.given.iter().find(|(given, _)| given == word).map(|(_, span)| *span)
    }

    fn note(&mut self, word: &Ident) -> Result<()> {
        let text = word.to_string();
        if self.has(&text) {
            return Err(Error::new(word.span(), format!("`{text}` is given twice")));
        }
        self.given.push((text, word.span()));
        Ok(())
    }

    fn not_yet(&mut self, word: &Ident) {
        self.later.get_or_insert_with(|| (word.to_string(), word.span()));
    }

    /// Parses one option.
    pub(crate) fn option(&mut self, input: ParseStream<'_>) -> Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(Error::new(input.span(), "expected an option, such as `name = \"x\"`"));
        }
        let word = input.call(Ident::parse_any)?;
        let text = word.to_string();
        if !WORDS[..19].contains(&text.as_str()) {
            return Err(unknown(&word));
        }
        self.note(&word)?;
        match text.as_str() {
            "recover" | "in_place" | "quiet" | "root" => flag(input, &word),
            "must_success" => {
                if input.peek(token::Paren) {
                    list(input, &["graceful"], |_, _, value| duration_of(value).map(drop))?;
                    self.not_yet(&word);
                    return Ok(());
                }
                flag(input, &word)
            }
            "name" => {
                self.name = Some(name(input, &word)?);
                Ok(())
            }
            "timeout" => {
                self.timeout = Some(duration_of(&value(input, &word, "timeout = \"5s\"")?)?);
                Ok(())
            }
            "every" | "after" => {
                duration_of(&value(input, &word, &format!("{text} = \"60s\""))?)?;
                self.not_yet(&word);
                Ok(())
            }
            "cron" => {
                cron::check(&string(&value(input, &word, "cron = \"0 */5 * * * *\"")?, "cron")?)?;
                self.not_yet(&word);
                Ok(())
            }
            "tz" => {
                string(&value(input, &word, "tz = \"Europe/Berlin\"")?, "tz")?;
                self.not_yet(&word);
                Ok(())
            }
            "pool" | "group" => {
                value(input, &word, &format!("{text} = {text}"))?;
                self.not_yet(&word);
                Ok(())
            }
            "retry" => {
                list(input, &["times", "base", "max", "when"], |key, _, value| match key {
                    "times" => count(value, "times"),
                    "when" => path(value),
                    _ => duration_of(value).map(drop),
                })?;
                self.not_yet(&word);
                Ok(())
            }
            "restart" => {
                list(input, &["max", "within"], |key, _, value| match key {
                    "max" => count(value, "max"),
                    _ => duration_of(value).map(drop),
                })?;
                self.not_yet(&word);
                Ok(())
            }
            "fields" => self.fields(input, &word),
            "crate" => {
                needs_value(input, &word, "crate = ::other")?;
                self.krate = Some(input.call(Path::parse_mod_style)?);
                Ok(())
            }
            "span" => {
                needs_value(input, &word, "span = child")?;
                let mode = input.call(Ident::parse_any)?;
                if !["child", "follows", "off"].contains(&mode.to_string().as_str()) {
                    return Err(Error::new(mode.span(), "`span` is `child`, `follows` or `off`"));
                }
                self.span = Some(mode);
                Ok(())
            }
            _ => {
                let value = value(input, &word, "awaits = false")?;
                let Expr::Lit(syn::ExprLit { lit: Lit::Bool(choice), .. }) = &value else {
                    return Err(Error::new_spanned(value, "`awaits` is `true` or `false`"));
                };
                self.awaits = Some(choice.value);
                Ok(())
            }
        }
    }

    fn fields(&mut self, input: ParseStream<'_>, word: &Ident) -> Result<()> {
        if !input.peek(token::Paren) {
            return Err(Error::new(word.span(), "`fields` needs a list: `fields(user = id, size)`"));
        }
        let content;
        syn::parenthesized!(content in input);
        let fields = Punctuated::<Field, Token![,]>::parse_terminated(&content)?;
        for Field { key, value } in fields {
            self.fields.push((key, value));
        }
        Ok(())
    }
}

/// `key = value`, `a.b = value`, or a variable that is both.
struct Field {
    key: String,
    value: Expr,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let first: Ident = input.parse()?;
        let mut key = first.to_string();
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            key = format!("{key}.{}", input.call(Ident::parse_any)?);
        }
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self { key, value: input.parse()? });
        }
        let value: Expr = syn::parse_str(&key).map_err(|error| Error::new(first.span(), error.to_string()))?;
        Ok(Self { key, value: respan(&value, first.span()) })
    }
}

fn respan(value: &Expr, span: Span) -> Expr {
    fn paint(tokens: TokenStream, span: Span) -> TokenStream {
        tokens
            .into_iter()
            .map(|mut token| {
                token.set_span(span);
                token
            })
            .collect()
    }
    Expr::Verbatim(paint(quote::quote!(#value), span))
}

/// Parses options up to the end.
impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        while !input.is_empty() {
            args.option(input)?;
            separator(input)?;
        }
        Ok(args)
    }
}

/// The comma behind an option, unless it was the last.
pub(crate) fn separator(input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() {
        return Ok(());
    }
    if !input.peek(Token![,]) {
        return Err(Error::new(input.span(), "expected `,` between options"));
    }
    input.parse::<Token![,]>().map(drop)
}

fn unknown(word: &Ident) -> Error {
    let text = word.to_string();
    let near = WORDS[..19].iter().map(|known| (distance(&text, known), known)).min();
    let hint = match near {
        Some((distance, known)) if distance <= 2 => format!("; did you mean `{known}`?"),
        _ => {
            format!("; there are {}", WORDS[..19].iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
    };
    Error::new(word.span(), format!("unknown option `{text}`{hint}"))
}

/// How many letters have to change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

fn flag(input: ParseStream<'_>, word: &Ident) -> Result<()> {
    if input.peek(Token![=]) || input.peek(token::Paren) {
        return Err(Error::new(word.span(), format!("`{word}` takes no value")));
    }
    Ok(())
}

fn needs_value(input: ParseStream<'_>, word: &Ident, example: &str) -> Result<()> {
    if !input.peek(Token![=]) {
        return Err(Error::new(word.span(), format!("`{word}` needs a value: `{example}`")));
    }
    input.parse::<Token![=]>().map(drop)
}

fn value(input: ParseStream<'_>, word: &Ident, example: &str) -> Result<Expr> {
    needs_value(input, word, example)?;
    input.parse()
}

fn name(input: ParseStream<'_>, word: &Ident) -> Result<Expr> {
    let value = value(input, word, "name = \"import\"")?;
    match &value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(name), .. }) if name.value().is_empty() => {
            let message = "a routine's name cannot be empty; leave `name` out to use the function's name";
            Err(Error::new_spanned(value, message))
        }
        Expr::Lit(syn::ExprLit { lit: Lit::Str(_), .. }) => Ok(value),
        Expr::Lit(_) => Err(Error::new_spanned(
            value,
            "`name` is a string, or an expression that makes one: `name = \"import\"`, `name = format!(..)`",
        )),
        _ => Ok(value),
    }
}

fn string(value: &Expr, word: &str) -> Result<LitStr> {
    match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(string), .. }) => Ok(string.clone()),
        _ => Err(Error::new_spanned(value, format!("`{word}` is a string"))),
    }
}

fn duration_of(value: &Expr) -> Result<(u64, u32)> {
    match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => duration::parse(text),
        _ => Err(Error::new_spanned(value, "a duration is a string with a unit: `timeout = \"5s\"`")),
    }
}

fn count(value: &Expr, word: &str) -> Result<()> {
    let number = match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse::<u32>().unwrap_or(0),
        _ => 0,
    };
    if number == 0 {
        return Err(Error::new_spanned(value, format!("`{word}` is a number from 1 on")));
    }
    Ok(())
}

fn path(value: &Expr) -> Result<()> {
    match value {
        Expr::Path(_) => Ok(()),
        _ => Err(Error::new_spanned(value, "`when` is the path of a function: `when = is_transient`")),
    }
}

/// `(key = value, ..)` with keys from a set, each at most once.
fn list(input: ParseStream<'_>, keys: &[&str], mut check: impl FnMut(&str, Span, &Expr) -> Result<()>) -> Result<()> {
    if !input.peek(token::Paren) {
        return Err(Error::new(input.span(), format!("expected a list: `({} = ..)`", keys[0])));
    }
    let content;
    syn::parenthesized!(content in input);
    let mut seen: Vec<String> = Vec::new();
    while !content.is_empty() {
        let key = content.call(Ident::parse_any)?;
        let text = key.to_string();
        if !keys.contains(&text.as_str()) {
            let known = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            return Err(Error::new(key.span(), format!("unknown option `{text}`; here there are {known}")));
        }
        if seen.contains(&text) {
            return Err(Error::new(key.span(), format!("`{text}` is given twice")));
        }
        content.parse::<Token![=]>()?;
        check(&text, key.span(), &content.parse()?)?;
        seen.push(text);
        separator(&content)?;
    }
    Ok(())
}
