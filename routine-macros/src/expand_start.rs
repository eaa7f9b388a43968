//! The form that starts: calling the function gives a handle.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Signature};

use crate::args::Options;
use crate::arguments;
use crate::expand::labelled;
use crate::input::{Body, Function, private};
use crate::returned::Returned;
use crate::site::{self, SpawnSite};

/// Input:
///
///     async fn import(path: PathBuf) -> Result<Stats, ImportError> { body }
///
/// Output:
///
///     #[track_caller]
///     fn import(path: PathBuf) -> Handle<Stats> {
///         let start = Start::new({ static SITE: Site = ..; &SITE });
///         let routine = async move { let path = path; let result: Result<Stats, ImportError> = { body }; result };
///         (&&..Probe(&routine)).kind().start(start, routine)
///     }
pub(crate) fn expand(options: &Options, function: &Function, krate: &TokenStream) -> TokenStream {
    let rt = quote!(#krate::__private);
    let is_async = function.signature.asyncness.is_some();
    let returned = Returned::of(function);
    let arguments::Moved { signature, rebound, shown } = arguments::moved(function, options, krate);
    let Function { attrs, vis, braces, body, .. } = function;

    let body = if is_async { labelled(body.clone(), options, &rt) } else { body.clone() };
    let blame = returned.blame(&signature.ident).resolved_at(Span::mixed_site());
    let (start, routine) = (private("__start"), Ident::new("__routine", blame));
    let start_expr = site::start(options, &rt, SpawnSite::Caller, &name_of(&signature), signature.ident.span());
    let ty = &returned.inferred;
    let run = run(&returned, &rebound, &body, *braces, &rt);
    let work = if is_async { quote!(async move { #run }) } else { quote!(move || -> #ty { #run }) };
    let rungs = site::rungs(is_async);
    let launch = site::launch(&rt, returned.methods(is_async), &start, &routine);
    let track = (!is_tracked(attrs)).then(|| quote!(#[track_caller]));
    let block = braced(
        &quote! {
            use #rt::#rungs;
            let #start = { #shown #start_expr };
            let #routine = #work;
            #launch
        },
        *braces,
    );
    quote!(#(#attrs)* #track #vis #signature #block)
}

/// Input: `body`
/// Output:
///
///     let path = path;
///     let __result: Result<Stats, ImportError> = { if false { return never(); } { body } };
///     __result
///
/// Bound to a name, what the last expression borrows from an argument ends before the argument does. A body that does not
/// come to its end gets to no name. The first `return` is in there, and not before, so that `let` is not followed by the
/// body alone: where that is a `panic!()`, clippy finds that nothing is bound.
pub(crate) fn run(
    returned: &Returned<'_>,
    rebound: &TokenStream,
    body: &Body,
    braces: Span,
    rt: &TokenStream,
) -> TokenStream {
    let statements = braced(body, braces.resolved_at(Span::mixed_site()));
    let (result, ty, pin) = (private("__result"), &returned.inferred, returned.pin(rt));
    if returned.is_never() {
        quote!(#rebound #pin #statements)
    } else {
        quote!(#rebound let #result: #ty = { #pin #statements }; #[allow(unreachable_code)] #result)
    }
}

/// Tokens in braces with a span of their own: the user's around the function, or lints take it for foreign code; ours
/// around the statements, or lints find the braces needless.
pub(crate) fn braced(tokens: &impl ToTokens, span: Span) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, tokens.to_token_stream());
    group.set_span(span);
    group.into_token_stream()
}

pub(crate) fn is_tracked(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("track_caller"))
}

pub(crate) fn name_of(signature: &Signature) -> String {
    use syn::ext::IdentExt;
    signature.ident.unraw().to_string()
}
