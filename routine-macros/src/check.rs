//! What does not go together.

use syn::{Error, FnArg, ItemFn, Result, ReturnType, Type};

use crate::args::Args;
use crate::{borrow, question};

/// Options that exclude one another, with why where it is not plain.
const PAIRS: [(&str, &str); 33] = [
    ("retry", "restart"),
    ("restart", "in_place"),
    ("every", "cron"),
    ("cron", "after"),
    ("restart", "every"),
    ("restart", "cron"),
    ("restart", "after"),
    ("every", "in_place"),
    ("cron", "in_place"),
    ("after", "in_place"),
    ("every", "pool"),
    ("cron", "pool"),
    ("after", "pool"),
    ("pool", "group"),
    ("pool", "in_place"),
    ("group", "in_place"),
    ("root", "in_place"),
    ("quiet", "in_place"),
    ("must_success", "in_place"),
    ("quiet", "must_success"),
    ("quiet", "every"),
    ("quiet", "cron"),
    ("tz", "every"),
    ("tz", "after"),
    ("tz", "retry"),
    ("tz", "restart"),
    ("tz", "recover"),
    ("tz", "must_success"),
    ("tz", "in_place"),
    ("tz", "timeout"),
    ("tz", "pool"),
    ("tz", "group"),
    ("tz", "quiet"),
];

/// Checks the options against one another.
pub(crate) fn options(args: &Args) -> Result<()> {
    if let (true, Some(span)) = (args.has("recover"), args.span_of("must_success")) {
        let message = "`recover` and `must_success` cannot be combined: a routine either survives its panic or takes the \
                       process down with it; keep one";
        return Err(Error::new(span, message));
    }
    if let (Some(span), false) = (args.span_of("tz"), args.has("cron")) {
        return Err(Error::new(span, "`tz` is the zone of a `cron` line; there is none here"));
    }
    for (one, other) in PAIRS.iter().filter(|(one, _)| *one != "tz") {
        if let (true, Some(span)) = (args.has(one), args.span_of(other)) {
            return Err(Error::new(span, format!("`{one}` and `{other}` cannot be combined; keep one")));
        }
    }
    match &args.later {
        Some((word, span)) => Err(Error::new(*span, format!("`{word}` is not available yet"))),
        None => Ok(()),
    }
}

/// Checks options on an inline body.
pub(crate) fn inline(args: &Args) -> Result<()> {
    for word in ["every", "cron", "after"] {
        if let Some(span) = args.span_of(word) {
            return Err(Error::new(span, format!("`{word}` is for functions; it calls one again and again")));
        }
    }
    if let Some(span) = args.span_of("in_place") {
        return Err(Error::new(span, "`in_place` is for functions; inline, `.await` the work itself"));
    }
    if let Some(span) = args.span_of("crate") {
        return Err(Error::new(span, "`crate` is for the attribute; `routine!` knows its crate"));
    }
    options(args)
}

/// Checks a function, and the options on it.
pub(crate) fn function(args: &Args, function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if signature.constness.is_some() {
        return Err(Error::new_spanned(signature.constness, "a routine cannot be a `const fn`"));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(
            abi,
            "a routine cannot be an `extern` function; call one from a plain function",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new_spanned(variadic, "a routine cannot take variadic arguments"));
    }
    if let (Some(span), None) = (args.span_of("timeout"), signature.asyncness) {
        let message =
            "`timeout` is for `async fn`: a thread cannot be stopped; look at `routine::is_cancelled()` inside it";
        return Err(Error::new(span, message));
    }
    if let (Some(span), None) = (args.span_of("awaits"), signature.asyncness) {
        return Err(Error::new(span, "`awaits` is for `async fn`: a plain function awaits nothing"));
    }
    if ["every", "cron"].iter().any(|word| args.has(word)) {
        let argument = signature.inputs.iter().find(|input| matches!(input, FnArg::Typed(_)));
        if let Some(argument) = argument {
            let message = "a scheduled function takes no arguments: each run starts with none";
            return Err(Error::new_spanned(argument, message));
        }
    }
    options(args)?;
    if args.has("in_place") {
        return Ok(());
    }
    if signature.ident == "main" {
        let message = "`main` cannot be a routine: nothing would wait for it; start one inside, or use `in_place`";
        return Err(Error::new_spanned(&signature.ident, message));
    }
    borrow::check(signature)?;
    match (&signature.output, signature.asyncness) {
        (ReturnType::Type(_, output), None) if is_future(output) => Err(Error::new_spanned(
            output,
            "a function that returns a future is already asynchronous: write it as `async fn`, or use `in_place`",
        )),
        (ReturnType::Default, _) => match question::first(&function.block) {
            Some(mark) => Err(Error::new_spanned(
                mark,
                "`?` needs somewhere to send its error: give the function a return type, `-> Result<(), routine::BoxError>`",
            )),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether a type says that it is a future: `impl Future`, or a pinned box.
pub(crate) fn is_future(output: &Type) -> bool {
    match output {
        Type::ImplTrait(output) => output.bounds.iter().any(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => {
                bound.path.segments.last().is_some_and(|segment| segment.ident == "Future")
            }
            _ => false,
        }),
        Type::Path(output) => {
            output.path.segments.last().is_some_and(|segment| segment.ident == "Pin" || segment.ident == "BoxFuture")
        }
        _ => false,
    }
}
