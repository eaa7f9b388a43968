//! The forms whose body runs later, or more than once: `every`, `cron`, `after`, `retry`, `restart`.
//!
//! What runs more than once is a closure that gives a future: it clones what the body takes, anew for each run.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, Pat};

use crate::args::Options;
use crate::arguments;
use crate::expand::labelled;
use crate::expand_start::{braced, is_tracked, name_of, run};
use crate::input::{Function, private};
use crate::receiver;
use crate::returned::Returned;
use crate::site::{self, SpawnSite, duration};
use crate::value::Retry;

/// What starts the runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Every,
    Cron,
    After,
    Retry,
    Restart,
}

impl Again {
    pub(crate) fn of(options: &Options) -> Option<Self> {
        let asked = [
            ("every", Self::Every),
            ("cron", Self::Cron),
            ("after", Self::After),
            ("retry", Self::Retry),
            ("restart", Self::Restart),
        ];
        asked.into_iter().find_map(|(option, again)| options.has(option).then_some(again))
    }

    /// The retry of each run, where it is not a retry itself.
    fn attempts(self, options: &Options) -> Option<&Retry> {
        if self == Self::Retry { None } else { options.retry.as_ref() }
    }

    /// Whether calling the function gives a schedule, and no handle.
    const fn is_schedule(self) -> bool {
        matches!(self, Self::Every | Self::Cron)
    }
}

/// Input:
///
///     #[routine(retry(times = 3))]
///     async fn fetch(url: Url) -> Result<Page, Error> { body }
///
/// Output:
///
///     #[track_caller]
///     fn fetch(url: Url) -> Handle<Page> {
///         let start = Start::new({ static SITE: Site = ..; &SITE });
///         let routine = move || { let url = Clone::clone(&url); async move { let url = url; body } };
///         retry(start, retrying(Some(3), None, None, None), routine)
///     }
pub(crate) fn expand(again: Again, options: &Options, function: &Function, krate: &TokenStream) -> TokenStream {
    let rt = quote!(#krate::__private);
    let is_async = function.signature.asyncness.is_some();
    let returned = Returned::of(function);
    let arguments::Moved { mut signature, rebound, shown } = arguments::moved(function, options, krate);
    match again {
        Again::Every | Again::Cron => signature.output = syn::parse_quote!(-> #krate::Schedule),
        Again::Restart => signature.output = syn::parse_quote!(-> #krate::Handle<()>),
        Again::After | Again::Retry => {}
    }
    let Function { attrs, vis, braces, body, .. } = function;

    let receiver = signature.inputs.iter_mut().find_map(|input| match input {
        FnArg::Receiver(receiver) => Some(receiver),
        FnArg::Typed(_) => None,
    });
    let changed = receiver.map(receiver::rebind);
    let this = changed.is_some().then(receiver::this);
    let body = if this.is_some() { receiver::renamed(body.clone()) } else { body.clone() };
    let body = if is_async { labelled(body, options, &rt) } else { body };
    let blame = returned.blame(&signature.ident).resolved_at(Span::mixed_site());
    let (start, routine) = (private("__start"), Ident::new("__routine", blame));
    let start_expr = site::start(options, &rt, SpawnSite::Caller, &name_of(&signature), signature.ident.span());
    let ty = &returned.inferred;
    let rebound = if this.is_some() { receiver::renamed_tokens(rebound) } else { rebound };
    let rebound = quote!(#changed #rebound);
    let run = run(&returned, &rebound, &body, *braces, &rt);
    let is_plain = returned.is_never() || returned.is_value() && again == Again::After;
    let run = match (is_async, is_plain) {
        (true, false) => quote!(async move { #run }),
        (true, true) => quote!(#rt::plain(async move { #run })),
        (false, false) => quote!(#rt::on_a_thread(move || -> #ty { #run })),
        (false, true) => quote!(#rt::plain(#rt::on_a_thread(move || -> #ty { #run }))),
    };
    let taken = this.map(|this| quote!(let #this = self;));
    let retry = again.attempts(options);
    let cloned = (again != Again::After || retry.is_some()).then(|| clones(&signature.inputs));
    let work = quote!(move || { #cloned #run });
    let work = match retry {
        Some(retry) => tried(again, retry, &work, &rt, blame),
        None => work,
    };
    let launch = launch(again, options, &rt, &start, &routine);
    let track = (!is_tracked(attrs)).then(|| quote!(#[track_caller]));
    let block = braced(
        &quote! {
            let #start = { #shown #start_expr };
            #taken
            let #routine = #work;
            #launch
        },
        *braces,
    );
    // A schedule may be let go of.
    let lints = again.is_schedule().then(|| quote!(#[allow(clippy::must_use_candidate)]));
    quote!(#(#attrs)* #lints #track #vis #signature #block)
}

/// The call that starts the closure `routine`.
pub(crate) fn launch(again: Again, options: &Options, rt: &TokenStream, start: &Ident, routine: &Ident) -> TokenStream {
    let blame = routine.span();
    let call = |name: &str| {
        let name = Ident::new(name, blame);
        quote_spanned!(blame=> #rt::#name)
    };
    match again {
        Again::Every => {
            let (call, first, period) = (call("every"), time(options.after), options.every.map(duration));
            quote_spanned!(blame=> #call(#start, #first, #period, #routine))
        }
        Again::Cron => {
            let (call, line) = (call("cron"), &options.cron);
            let zone = options.tz.as_ref().map_or_else(|| quote!("UTC"), ToTokens::to_token_stream);
            quote_spanned!(blame=> #call(#start, #line, #zone, #routine))
        }
        Again::After => {
            let (call, delay) = (call("after"), options.after.map(duration));
            quote_spanned!(blame=> #call(#start, #delay, #routine))
        }
        Again::Retry => {
            let (call, retry) = (call("retry"), retrying(&options.retry.clone().unwrap_or_default(), rt, blame));
            quote_spanned!(blame=> #call(#start, #retry, #routine))
        }
        Again::Restart => {
            let restart = options.restart.unwrap_or_default();
            let (call, within, max) = (call("restart"), time(restart.within), number(restart.max));
            quote_spanned!(blame=> #call(#start, #max, #within, #routine))
        }
    }
}

/// The settings of a retry.
fn retrying(retry: &Retry, rt: &TokenStream, blame: Span) -> TokenStream {
    let (times, base, most) = (number(retry.times), time(retry.base), time(retry.max));
    let attempt = time(retry.timeout.as_ref().map(|(_, timeout)| *timeout));
    let when = retry.when.as_ref().map(|when| quote_spanned!(when.span()=> .when(#when)));
    quote_spanned!(blame=> #rt::retrying(#times, #base, #most, #attempt)#when)
}

/// A closure whose every run is retried by itself.
fn tried(again: Again, retry: &Retry, work: &TokenStream, rt: &TokenStream, blame: Span) -> TokenStream {
    let (attempt, retrying) = (private("__attempt"), retrying(retry, rt, blame));
    let taken = match again {
        Again::After => attempt.to_token_stream(),
        _ => quote!(::core::clone::Clone::clone(&#attempt)),
    };
    let run = quote_spanned!(blame=> #rt::tried(#retrying, #taken));
    quote!({ let #attempt = #work; move || #run })
}

fn time(time: Option<Duration>) -> TokenStream {
    option(time.map(duration))
}

fn number(number: Option<u32>) -> TokenStream {
    option(number)
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// `let url = Clone::clone(&url);` for each argument. One that cannot be cloned is blamed on its type.
fn clones<'a>(inputs: impl IntoIterator<Item = &'a FnArg>) -> TokenStream {
    let clone = |input: &FnArg| match input {
        FnArg::Receiver(receiver) => {
            let this = receiver::this();
            let place = receiver.self_token.span.resolved_at(Span::mixed_site());
            Some(quote_spanned!(place=> let #this = ::core::clone::Clone::clone(&#this);))
        }
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(binding) => {
                let name = &binding.ident;
                let place = argument.ty.span().resolved_at(Span::mixed_site());
                let attrs = arguments::attributes(argument);
                Some(quote_spanned!(place=> #attrs let #name = ::core::clone::Clone::clone(&#name);))
            }
            _ => None,
        },
    };
    inputs.into_iter().filter_map(clone).collect()
}

impl Again {
    /// What the body must end in.
    pub(crate) fn check(self, options: &Options, function: &Function) -> syn::Result<()> {
        let returned = Returned::of(function);
        let place = || function.returns().map_or_else(|| function.signature.ident.span(), Spanned::span);
        if options.has("retry") && !returned.is_result() {
            return Err(syn::Error::new(
                place(),
                "`retry` needs a `Result`: without an error there is nothing to try again",
            ));
        }
        if self.is_schedule() && returned.is_never() {
            return Err(syn::Error::new(
                place(),
                "a run that never ends leaves no time for the next; leave the schedule out",
            ));
        }
        Ok(())
    }
}
