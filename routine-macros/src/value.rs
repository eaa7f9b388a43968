//! Reads the value of one option.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprLit, Lit, LitBool, LitInt, LitStr, Path, Result, Token, parenthesized, token};

use crate::{cron, duration, suggest};

/// A flag has no value.
pub(crate) fn none(input: ParseStream<'_>, option: &Ident) -> Result<()> {
    if input.peek(Token![=]) || input.peek(Token![:]) || input.peek(token::Paren) {
        return Err(Error::new_spanned(option, format!("`{option}` takes no value")));
    }
    Ok(())
}

/// The `=` of an option that needs a value.
fn assign(input: ParseStream<'_>, option: &Ident, example: &str) -> Result<()> {
    no_colon(input, &option.to_string(), example)?;
    let missing = || Error::new_spanned(option, format!("`{option}` needs a value: `{example}`"));
    input.parse::<Token![=]>().map_err(|_| missing())?;
    if input.is_empty() || input.peek(Token![,]) { Err(missing()) } else { Ok(()) }
}

/// Refuses a `:` in the place of the `=`.
fn no_colon(input: ParseStream<'_>, key: &str, example: &str) -> Result<()> {
    if !input.peek(Token![:]) {
        return Ok(());
    }
    let ahead = input.fork();
    let colon: Token![:] = ahead.parse()?;
    let fix =
        ahead.parse::<Lit>().map_or_else(|_| example.to_owned(), |lit| format!("{key} = {}", lit.to_token_stream()));
    Err(Error::new_spanned(colon, format!("expected `=`: `{fix}`")))
}

pub(crate) fn name(input: ParseStream<'_>, option: &Ident) -> Result<Expr> {
    assign(input, option, "name = \"import\"")?;
    let name = unwrap_groups(input.parse()?);
    match &name {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().is_empty() => Err(Error::new_spanned(
            text,
            "a routine's name cannot be empty; leave `name` out to use the function's name",
        )),
        Expr::Lit(ExprLit { lit, .. }) if !matches!(lit, Lit::Str(_)) => Err(Error::new_spanned(
            lit,
            "`name` is a string, or an expression that makes one: `name = \"import\"`, `name = format!(..)`",
        )),
        _ => Ok(name),
    }
}

pub(crate) fn duration(input: ParseStream<'_>, option: &Ident) -> Result<Duration> {
    let example = format!("{option} = \"5s\"");
    assign(input, option, &example)?;
    let text = string(input, || format!("a duration is a string with a unit: `{example}`"))?;
    duration::parse(&text.value()).map_err(|why| Error::new_spanned(&text, why))
}

pub(crate) fn cron(input: ParseStream<'_>, option: &Ident) -> Result<LitStr> {
    assign(input, option, "cron = \"0 3 * * *\"")?;
    let text = string(input, || "a cron line is a string: `cron = \"0 3 * * *\"`".to_owned())?;
    cron::check(&text.value()).map_err(|why| Error::new_spanned(&text, why))?;
    Ok(text)
}

pub(crate) fn zone(input: ParseStream<'_>, option: &Ident) -> Result<LitStr> {
    assign(input, option, "tz = \"Europe/Berlin\"")?;
    let wanted = || "`tz` is the name of a zone: `tz = \"Europe/Berlin\"`".to_owned();
    let text = string(input, wanted)?;
    if text.value().trim().is_empty() { Err(Error::new_spanned(text, wanted())) } else { Ok(text) }
}

pub(crate) fn span(input: ParseStream<'_>, option: &Ident) -> Result<Ident> {
    assign(input, option, "span = follows")?;
    let found = input.cursor();
    match Ident::parse_any(input) {
        Ok(mode) if ["child", "follows", "off"].iter().any(|known| mode == known) => Ok(mode),
        _ => Err(Error::new(found.span(), "`span` is `child`, `follows` or `off`")),
    }
}

pub(crate) fn only_false(input: ParseStream<'_>, option: &Ident) -> Result<()> {
    let example = format!("{option} = false");
    assign(input, option, &example)?;
    let found = input.cursor();
    match input.parse::<LitBool>() {
        Ok(LitBool { value: false, .. }) => Ok(()),
        _ => Err(Error::new(found.span(), format!("`{option}` is on unless it is turned off: `{example}`"))),
    }
}

pub(crate) fn path(input: ParseStream<'_>, option: &Ident) -> Result<Path> {
    assign(input, option, "crate = ::other")?;
    let found = input.cursor();
    Path::parse_mod_style(input).map_err(|_| Error::new(found.span(), "`crate` is a path: `crate = ::other`"))
}

pub(crate) fn expression(input: ParseStream<'_>, option: &Ident) -> Result<Expr> {
    assign(input, option, &format!("{option} = expression"))?;
    input.parse()
}

/// One entry of `fields(..)`.
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) value: Expr,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        no_sigil(input, None)?;
        let found = input.cursor();
        let first =
            Ident::parse_any(input).map_err(|_| Error::new(found.span(), "a field is `name`, or `name = value`"))?;
        let mut key = first.unraw().to_string();
        while input.parse::<Option<Token![.]>>()?.is_some() {
            key.push('.');
            key.push_str(&Ident::parse_any(input)?.unraw().to_string());
        }
        no_colon(input, &key, &format!("{key} = value"))?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            no_sigil(input, Some(&key))?;
            input.parse()?
        } else if key.contains('.') {
            return Err(Error::new_spanned(first, format!("`{key}` needs a value: `{key} = value`")));
        } else {
            syn::parse2(first.into_token_stream())?
        };
        Ok(Self { key, value })
    }
}

/// Refuses the `?` and `%` by which `tracing` chooses how a field's value is shown.
fn no_sigil(input: ParseStream<'_>, key: Option<&str>) -> Result<()> {
    let ahead = input.fork();
    if let Some(sigil) = ahead.parse::<Option<Token![%]>>()? {
        return Err(Error::new_spanned(sigil, "a field's value is shown with `Display` anyway; leave the `%` out"));
    }
    let Some(sigil) = ahead.parse::<Option<Token![?]>>()? else { return Ok(()) };
    let fix = match (key, ahead.parse::<Expr>()?) {
        (key, Expr::Path(path)) if path.path.get_ident().is_some() => {
            let value = path.to_token_stream().to_string();
            format!("{} = format!(\"{{{value}:?}}\")", key.unwrap_or(&value))
        }
        (key, _) => format!("{} = format!(\"{{:?}}\", ..)", key.unwrap_or("name")),
    };
    Err(Error::new_spanned(sigil, format!("a field's value is shown with `Display`; write `{fix}`")))
}

pub(crate) fn fields(input: ParseStream<'_>, option: &Ident) -> Result<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::new();
    list(input, option, "fields(user = id, size)", |input| {
        let found = input.cursor();
        let field: Field = input.parse()?;
        if fields.iter().any(|earlier| earlier.key == field.key) {
            return Err(Error::new(found.span(), format!("the field `{}` is given twice", field.key)));
        }
        fields.push(field);
        Ok(())
    })?;
    Ok(fields)
}

/// The settings of `retry(..)`.
#[derive(Clone, Default)]
pub(crate) struct Retry {
    pub(crate) times: Option<u32>,
    pub(crate) base: Option<Duration>,
    pub(crate) max: Option<Duration>,
    pub(crate) when: Option<Expr>,
    /// The time of each attempt, and the word that gave it.
    pub(crate) timeout: Option<(Ident, Duration)>,
}

/// The settings of `restart(..)`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Restart {
    pub(crate) max: Option<u32>,
    pub(crate) within: Option<Duration>,
}

pub(crate) fn retry(input: ParseStream<'_>, option: &Ident) -> Result<Retry> {
    let (mut retry, mut longest) = (Retry::default(), None);
    settings(input, option, "retry(times = 3)", &["times", "base", "max", "when", "timeout"], |key, input| {
        match key.to_string().as_str() {
            "times" => retry.times = Some(at_least_one(input, key)?),
            "base" => retry.base = Some(duration(input, key)?),
            "max" => {
                retry.max = Some(duration(input, key)?);
                longest = Some(key.clone());
            }
            "timeout" => retry.timeout = Some((key.clone(), duration(input, key)?)),
            _ => {
                assign(input, key, "when = path::to::function")?;
                retry.when = Some(input.parse()?);
            }
        }
        Ok(())
    })?;
    match (retry.base, retry.max, longest) {
        (Some(base), Some(max), Some(key)) if max < base => {
            Err(Error::new_spanned(key, "`max` is shorter than `base`, the first pause"))
        }
        _ => Ok(retry),
    }
}

pub(crate) fn restart(input: ParseStream<'_>, option: &Ident) -> Result<Restart> {
    let mut restart = Restart::default();
    let example = "restart(max = 10, within = \"2m\")";
    settings(input, option, example, &["max", "within"], |key, input| {
        if key == "max" {
            restart.max = Some(at_least_one(input, key)?);
        } else {
            restart.within = Some(duration(input, key)?);
        }
        Ok(())
    })?;
    Ok(restart)
}

pub(crate) fn graceful(input: ParseStream<'_>, option: &Ident) -> Result<Option<Duration>> {
    let mut graceful = None;
    if input.peek(Token![=]) || input.peek(Token![:]) {
        return Err(Error::new_spanned(option, format!("`{option}` takes no value")));
    }
    if input.peek(token::Paren) {
        settings(input, option, "must_success(graceful = \"10s\")", &["graceful"], |key, input| {
            graceful = Some(duration(input, key)?);
            Ok(())
        })?;
    }
    Ok(graceful)
}

/// Settings in parentheses behind an option, each at most once.
fn settings(
    input: ParseStream<'_>,
    option: &Ident,
    example: &str,
    known: &[&str],
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let mut seen: Vec<Ident> = Vec::new();
    list(input, option, example, |input| {
        let found = input.cursor();
        let key = Ident::parse_any(input)
            .map_err(|_| Error::new(found.span(), format!("expected a setting of `{option}`, as in `{example}`")))?;
        if !known.iter().any(|known| key == known) {
            let hint = suggest::nearest(&key.to_string(), known.iter().copied()).map_or_else(
                || format!("it takes `{}`", known.join("`, `")),
                |meant| format!("did you mean `{meant}`?"),
            );
            return Err(Error::new_spanned(&key, format!("unknown setting `{key}` of `{option}`; {hint}")));
        }
        if seen.contains(&key) {
            return Err(Error::new_spanned(&key, format!("`{key}` is given twice")));
        }
        read(&key, input)?;
        seen.push(key);
        Ok(())
    })
}

/// A list in parentheses that is not empty.
fn list(
    input: ParseStream<'_>,
    option: &Ident,
    example: &str,
    mut entry: impl FnMut(ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    let missing = || Error::new_spanned(option, format!("`{option}` needs a list: `{example}`"));
    if !input.peek(token::Paren) {
        return Err(missing());
    }
    let content;
    parenthesized!(content in input);
    if content.is_empty() {
        return Err(missing());
    }
    while !content.is_empty() {
        entry(&content)?;
        comma(&content, "entries")?;
    }
    Ok(())
}

/// The comma behind an option or an entry, unless it is the last.
pub(crate) fn comma(input: ParseStream<'_>, between: &str) -> Result<()> {
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    Err(Error::new(input.span(), format!("expected `,` between {between}")))
}

pub(crate) fn phase(input: ParseStream<'_>, option: &Ident) -> Result<u8> {
    assign(input, option, "phase = 1")?;
    let found = input.cursor();
    let number = input.parse::<LitInt>().and_then(|number| number.base10_parse());
    number.map_err(|_| Error::new(found.span(), "`phase` is a number from 0 to 255: `phase = 1`"))
}

fn at_least_one(input: ParseStream<'_>, option: &Ident) -> Result<u32> {
    let example = format!("{option} = 3");
    assign(input, option, &example)?;
    let found = input.cursor();
    let number = match input.parse::<LitInt>() {
        Ok(number) => number.base10_parse().ok().filter(|number| *number > 0),
        Err(_) => None,
    };
    number.ok_or_else(|| Error::new(found.span(), format!("`{option}` is a number from 1: `{example}`")))
}

fn string(input: ParseStream<'_>, wanted: impl Fn() -> String) -> Result<LitStr> {
    let found: TokenTree = input.fork().parse()?;
    input.parse::<LitStr>().map_err(|_| Error::new(found.span(), wanted()))
}

/// What a `macro_rules!` passes on as `$name:expr` or `$name:literal` arrives in groups that nobody sees.
fn unwrap_groups(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => unwrap_groups(*group.expr),
        other => other,
    }
}

/// Whether an expression is a string that can be part of a static description.
pub(crate) fn literal(expr: &Expr) -> Option<TokenStream> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.to_token_stream()),
        _ => None,
    }
}
