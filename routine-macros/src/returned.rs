//! What the signature says that the body ends in, read by name: the type of the handle has to be written.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericArgument, PathArguments, Type, TypeInfer};

use crate::input::{self, Function};

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

    /// Whether it is a plain value, so that no end of it is a failure.
    pub(crate) const fn is_value(&self) -> bool {
        matches!(self.kind, Kind::Value | Kind::Never)
    }

    pub(crate) const fn is_result(&self) -> bool {
        matches!(self.kind, Kind::Result(_) | Kind::ResultAlias)
    }

    pub(crate) fn hides_a_type(&self) -> bool {
        self.ty.is_some_and(|ty| infer(ty).1)
    }

    /// The type of the handle that a call gives.
    pub(crate) fn handle(&self, krate: &TokenStream) -> TokenStream {
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
    pub(crate) fn blame(&self, name: &Ident) -> Span {
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
    pub(crate) fn methods(&self, is_async: bool) -> (&'static str, &'static str) {
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
