//! What an option goes with, and what a function must not be to become a routine.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Error, FnArg, Result, ReturnType, Type};

use crate::args::Options;
use crate::borrow;
use crate::input::{self, Function};

/// Pairs that contradict each other, and why. The error stands at the one that was written later.
const CONTRADICTIONS: [(&str, &[&str], &str); 16] = [
    ("recover", &["must_success"], "a routine either survives its panic or takes the process down with it; keep one"),
    ("in_place", &["every", "cron", "after"], "a function in place runs when it is called; keep one"),
    (
        "in_place",
        &["restart"],
        "a function in place runs once for each call; leave `restart` out, or start the function",
    ),
    (
        "in_place",
        &["retry"],
        "a function in place runs once for each call; retry inside with `routine::Retry::run`, or start the function",
    ),
    ("in_place", &["pool", "group"], "a function in place runs where it is called; keep one"),
    ("in_place", &["root"], "a function in place belongs to its caller's trace; leave `root` out"),
    ("in_place", &["quiet"], "the failure of a function in place is its caller's anyway; leave `quiet` out"),
    ("in_place", &["must_success"], "the caller of a function in place holds its failure and decides; keep one"),
    ("in_place", &["phase"], "a function in place stops when its caller does; leave `phase` out"),
    ("restart", &["retry"], "`retry` runs the work again after an error, `restart` after any end; keep one"),
    ("restart", &["every", "cron", "after"], "a schedule starts its next run by itself; keep one"),
    ("cron", &["every", "after"], "a cron line says by itself when to run; keep one"),
    ("tz", &["every"], "an interval is the same in every zone; leave `tz` out"),
    ("pool", &["every", "cron", "after", "group"], "a pool starts its jobs when a worker is free; keep one"),
    ("quiet", &["must_success"], "a failure that ends the process cannot be its holder's alone; keep one"),
    (
        "quiet",
        &["every", "cron"],
        "nobody holds the handle of a scheduled run, so its failure must be reported; leave `quiet` out",
    ),
];

/// Options that are read and checked, and whose behaviour is to come; and what to do until then.
const LATER: [(&str, &str); 2] = [
    ("pool", "hand the future to the pool, `pool.submit(work()).await`"),
    ("group", "hand the future to the scope, `scope.go(work())`"),
];

pub(crate) fn combinations(options: &Options) -> Result<()> {
    let contradiction = CONTRADICTIONS.iter().find_map(|(option, others, why)| {
        let first = options.given(option)?;
        let second = others.iter().find_map(|other| options.given(other))?;
        Some((first, second, why))
    });
    if let Some((first, second, why)) = contradiction {
        let later = if options.in_order(first, second) { second } else { first };
        return Err(Error::new_spanned(later, format!("`{first}` and `{second}` cannot be combined: {why}")));
    }
    let attempt = options.retry.as_ref().and_then(|retry| retry.timeout.as_ref());
    if let (Some((word, attempt)), Some(whole)) = (attempt, &options.timeout) {
        if attempt >= whole {
            let why =
                "give an attempt less time than the whole, or leave its `timeout` out: the outer one ends it anyway";
            return Err(Error::new_spanned(word, why));
        }
    }
    match options.given("tz") {
        Some(zone) if !options.has("cron") => {
            Err(Error::new_spanned(zone, "`tz` is the zone of a cron line: add `cron = \"..\"`"))
        }
        _ => Ok(()),
    }
}

/// Options that `routine!` does not take.
pub(crate) fn inline(options: &Options, blocking: bool) -> Result<()> {
    for word in options.words() {
        let why = match word.to_string().as_str() {
            "in_place" => "`in_place` is for functions; inline, `.await` the work itself",
            "crate" => "`crate` is for the attribute; `routine!` knows its crate",
            "every" | "cron" | "after" | "tz" => {
                let why = format!("`{word}` is for functions: put it on the attribute `#[routine({word} = ..)]`");
                return Err(Error::new_spanned(word, why));
            }
            _ => continue,
        };
        return Err(Error::new_spanned(word, why));
    }
    if blocking { blocking_options(options) } else { Ok(()) }
}

fn blocking_options(options: &Options) -> Result<()> {
    let attempt = || options.retry.as_ref()?.timeout.as_ref().map(|(word, _)| word);
    if let Some(timeout) = options.given("timeout").or_else(attempt) {
        return Err(Error::new_spanned(
            timeout,
            "`timeout` is for async work: a thread that blocks cannot be stopped from outside",
        ));
    }
    if let Some(awaits) = options.given("awaits") {
        return Err(Error::new_spanned(awaits, "`awaits` is for async work: here is nothing to await"));
    }
    Ok(())
}

/// Options that do nothing yet.
pub(crate) fn available(options: &Options) -> Result<()> {
    let later = LATER.iter().find_map(|(option, until_then)| Some((options.given(option)?, until_then)));
    match later {
        Some((word, until_then)) => {
            Err(Error::new_spanned(word, format!("`{word}` is not available yet: {until_then}")))
        }
        None => Ok(()),
    }
}

/// What a function must not be.
pub(crate) fn function(function: &Function, options: &Options) -> Result<()> {
    let signature = &function.signature;
    if let Some(constness) = &signature.constness {
        return Err(Error::new_spanned(constness, "a routine cannot be a `const fn`"));
    }
    if let Some(abi) = &signature.abi {
        return Err(Error::new_spanned(
            abi,
            "a routine cannot be an `extern` function; call one from a plain function",
        ));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new_spanned(variadic.dots, "a routine cannot take variadic arguments"));
    }
    if signature.asyncness.is_none() && !function.gives_future() {
        blocking_options(options)?;
    }
    if options.has("in_place") {
        return Ok(());
    }
    if signature.ident == "main" && signature.inputs.is_empty() && signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.ident,
            "`main` cannot be a routine: nothing would wait for it; start one inside, or use `in_place`",
        ));
    }
    if signature.asyncness.is_none() {
        if let ReturnType::Type(_, ty) = &signature.output {
            if input::is_future(ty) {
                return Err(Error::new_spanned(
                    ty,
                    "a function that returns a future is already asynchronous: write it as `async fn`, or use `in_place`",
                ));
            }
        }
    }
    borrow::check(signature)?;
    if let Some(schedule) = ["every", "cron", "restart"].iter().find_map(|option| options.given(option)) {
        scheduled(function, schedule)?;
    }
    Ok(())
}

/// A run that nobody called has no arguments, unless they are those of the run before, and nobody to take its value.
fn scheduled(function: &Function, schedule: &Ident) -> Result<()> {
    let argument = function.signature.inputs.iter().find(|input| matches!(input, FnArg::Typed(_)));
    if let Some(argument) = argument.filter(|_| schedule != "restart") {
        return Err(Error::new_spanned(argument, "a scheduled function takes no arguments: each run starts with none"));
    }
    match &function.signature.output {
        ReturnType::Type(_, ty) if !is_unit_or_result(ty) => Err(Error::new_spanned(
            ty,
            format!("with `{schedule}` nobody takes the value of a run: return `()` or `Result<(), E>`"),
        )),
        _ => Ok(()),
    }
}

fn is_unit_or_result(ty: &Type) -> bool {
    match ty {
        Type::Never(_) => true,
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| last.ident.to_token_stream().to_string().ends_with("Result"))
        }
        _ => false,
    }
}
