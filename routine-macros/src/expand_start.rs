//! The form that starts: calling the function gives a handle.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, FnArg, GenericArgument, Pat, PathArguments, Signature, Type, TypeInfer, parse_quote_spanned};

use crate::args::Options;
use crate::expand::labelled;
use crate::input::{self, Function, private};
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
    let (signature, rebound) = starting_signature(function, options, krate);
    let Function { attrs, vis, braces, body, .. } = function;

    let body = if is_async { labelled(body.clone(), options, &rt) } else { body.clone() };
    let blame = returned.blame(&signature.ident).resolved_at(Span::mixed_site());
    let (start, routine) = (private("__start"), Ident::new("__routine", blame));
    let start_expr = site::start(options, &rt, SpawnSite::Caller, &name_of(&signature), signature.ident.span());
    let (result, ty, pin) = (private("__result"), &returned.inferred, returned.pin(&rt));
    let statements = braced(&body, braces.resolved_at(Span::mixed_site()));
    // Bound to a name, what the last expression borrows from an argument ends before the argument does.
    let run = if returned.is_never() {
        quote!(#rebound #statements)
    } else {
        quote!(#rebound let #result: #ty = #statements; #result)
    };
    let work = if is_async { quote!(async move { #pin #run }) } else { quote!(move || -> #ty { #run }) };
    let rungs = rungs(is_async);
    let launch = site::launch(&rt, returned.methods(is_async), &start, &routine);
    let track = (!is_tracked(attrs)).then(|| quote!(#[track_caller]));
    let block = braced(
        &quote! {
            use #rt::#rungs;
            let #start = #start_expr;
            let #routine = #work;
            #launch
        },
        *braces,
    );
    quote!(#(#attrs)* #track #vis #signature #block)
}

/// Tokens in braces with a span of their own: the user's around the function, or lints take it for foreign code; ours
/// around the statements, or lints find the braces needless.
pub(crate) fn braced(tokens: &impl ToTokens, span: Span) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, tokens.to_token_stream());
    group.set_span(span);
    group.into_token_stream()
}

fn is_tracked(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("track_caller"))
}

pub(crate) fn name_of(signature: &Signature) -> String {
    use syn::ext::IdentExt;
    signature.ident.unraw().to_string()
}

/// The signature that gives a handle, and the statements that move every argument into the body.
pub(crate) fn starting_signature(
    function: &Function,
    options: &Options,
    krate: &TokenStream,
) -> (Signature, TokenStream) {
    let mut signature = function.signature.clone();
    let handle = Returned::of(function).handle(krate);
    signature.asyncness = None;
    signature.output = parse_quote_spanned!(function.signature.output.span()=> -> #handle);
    let mut rebound = TokenStream::new();
    for (number, input) in signature.inputs.iter_mut().enumerate() {
        rebound.extend(rebind(input, number, options));
    }
    (signature, rebound)
}

/// Input: `mut x: A`, `(a, b): (B, C)`, `_: D`, `self: Arc<Self>`
/// Output: `x: A`, `__arg1: (B, C)`, `__arg2: D`, `self: Arc<Self>`, and
///
///     let mut x = x; let (a, b) = __arg1; let __arg2 = __arg2; let _ = &self;
///
/// An argument that the body does not use must not end at the call: it may be a guard.
fn rebind(input: &mut FnArg, number: usize, options: &Options) -> TokenStream {
    let argument = match input {
        FnArg::Receiver(receiver) => {
            let this = receiver.self_token;
            return quote!(let _ = &#this;);
        }
        FnArg::Typed(argument) => argument,
    };
    let attrs = argument.attrs.iter().filter(|attr| !attr.path().is_ident("doc"));
    let allow = quote! {
        #(#attrs)*
        #[allow(clippy::used_underscore_binding, clippy::no_effect_underscore_binding)]
    };
    if let Pat::Ident(binding) = &mut *argument.pat {
        if binding.by_ref.is_none() && binding.subpat.is_none() {
            let mutability = binding.mutability.take();
            let name = &binding.ident;
            let unused = options.mention(name).then(|| quote!(#[allow(unused_variables)]));
            return quote!(#allow #unused let #mutability #name = #name;);
        }
    }
    let whole = private(&format!("__arg{number}"));
    let pattern = std::mem::replace(&mut *argument.pat, parse_quote_spanned!(whole.span()=> #whole));
    match pattern {
        Pat::Wild(_) => quote!(#allow let #whole = #whole;),
        pattern => quote!(#allow let #pattern = #whole;),
    }
}

/// What the signature says that the body ends in.
pub(crate) struct Returned<'a> {
    ty: Option<&'a Type>,
    /// The type with `_` in the place of `impl Trait`, as it can be written inside the body.
    pub(crate) inferred: TokenStream,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Unit,
    Never,
    /// `Result<A, ..>`
    Result(&'a Type),
    /// `Result` under a name of its own, such as `fmt::Result`.
    ResultAlias,
    Value,
}

impl<'a> Returned<'a> {
    pub(crate) fn of(function: &'a Function) -> Self {
        let ty = function.returns();
        let kind = ty.map_or(Kind::Unit, classify);
        let inferred = match (ty, &kind) {
            (None, _) => quote!(()),
            (_, Kind::Never) => quote!(::core::convert::Infallible),
            (Some(ty), _) => infer(ty).0.into_token_stream(),
        };
        Self { ty, inferred, kind }
    }

    pub(crate) fn is_never(&self) -> bool {
        matches!(self.kind, Kind::Never)
    }

    pub(crate) fn hides_a_type(&self) -> bool {
        self.ty.is_some_and(|ty| infer(ty).1)
    }

    /// The type of the handle that a call gives.
    fn handle(&self, krate: &TokenStream) -> TokenStream {
        let ty = self.ty;
        // The path stands at the type, where the compiler then finds what is wrong with it only once.
        let place = ty.map_or_else(Span::call_site, Spanned::span);
        let krate: TokenStream = krate.clone().into_iter().map(|token| spanned(token, place)).collect();
        let value = match &self.kind {
            Kind::Unit => quote!(()),
            Kind::Never => quote!(::core::convert::Infallible),
            Kind::Result(value) => quote!(#value),
            Kind::ResultAlias => quote_spanned!(place=> <#ty as #krate::IntoOutcome>::Value),
            Kind::Value => quote!(#ty),
        };
        quote_spanned!(place=> #krate::Handle<#value>)
    }

    /// Where an error about what the body ends in belongs.
    fn blame(&self, name: &Ident) -> Span {
        self.ty.map_or_else(|| name.span(), Spanned::span)
    }

    /// Fixes the type of an async body by its first `return`: an async block deduces nothing from outside, so without it
    /// nothing would be coerced to the type in the signature.
    pub(crate) fn pin(&self, rt: &TokenStream) -> TokenStream {
        let lints = quote!(#[allow(clippy::needless_return, clippy::diverging_sub_expression, unreachable_code)]);
        let ty = &self.inferred;
        if self.ty.is_some() {
            quote!(#lints if false { return #rt::never::<#ty>(); })
        } else {
            quote!(#lints if false { return; })
        }
    }

    /// The method that climbs the ladder, and the one that starts.
    fn methods(&self, is_async: bool) -> (&'static str, &'static str) {
        match (is_async, matches!(self.kind, Kind::Value | Kind::Never)) {
            (true, false) => ("kind", "start"),
            (true, true) => ("kind", "start_value"),
            (false, false) => ("block", "block"),
            (false, true) => ("block", "block_value"),
        }
    }
}

fn spanned(mut token: TokenTree, place: Span) -> TokenTree {
    token.set_span(place);
    token
}

/// The traits of the ladder, imported without their names.
pub(crate) fn rungs(is_async: bool) -> TokenStream {
    if is_async {
        quote!({A0 as _, A1 as _, A2 as _, A3 as _, A4 as _, A5 as _, A6 as _, A7 as _, A8 as _})
    } else {
        quote!({B0 as _, B1 as _, B2 as _, B3 as _, B4 as _, B5 as _, B6 as _, B7 as _, B8 as _})
    }
}

fn classify(ty: &Type) -> Kind<'_> {
    let path = match input::strip(ty) {
        Type::Never(_) => return Kind::Never,
        Type::Path(path) => path,
        _ => return Kind::Value,
    };
    let Some(last) = path.path.segments.last() else { return Kind::Value };
    if last.ident == "Result" {
        if let PathArguments::AngleBracketed(arguments) = &last.arguments {
            if let Some(GenericArgument::Type(value)) = arguments.args.first() {
                return Kind::Result(value);
            }
        }
    }
    if last.ident.to_string().ends_with("Result") { Kind::ResultAlias } else { Kind::Value }
}

/// Puts `_` in the place of `impl Trait`, and says whether there was one.
fn infer(ty: &Type) -> (Type, bool) {
    let (mut ty, mut infer) = (ty.clone(), Infer { found: false });
    infer.visit_type_mut(&mut ty);
    (ty, infer.found)
}

struct Infer {
    found: bool,
}

impl VisitMut for Infer {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(hidden) = ty {
            self.found = true;
            *ty = Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token: syn::Token![_](hidden.span()) });
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}
