//! What a body is made into.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Block, ReturnType, Type};

use crate::awaits;

/// The import of the label, where a body is to be labelled.
pub(crate) fn label_import(rt: &TokenStream, labelled: bool) -> TokenStream {
    if !labelled {
        return TokenStream::new();
    }
    let label = awaits::label();
    quote_spanned! {Span::mixed_site()=>
        #[allow(unused_imports, clippy::redundant_import)]
        use #rt::keep as #label;
    }
}

/// A statement that tells the compiler what the body returns, since an async block deduces nothing from outside: the first
/// `return` fixes it.
pub(crate) fn pin(rt: &TokenStream, output: &ReturnType) -> TokenStream {
    let mixed = Span::mixed_site();
    let lints = quote_spanned! {mixed=>
        #[allow(unreachable_code, unused_must_use, clippy::diverging_sub_expression, clippy::needless_return, clippy::let_unit_value,
            clippy::used_underscore_binding, clippy::nonminimal_bool, clippy::no_effect_underscore_binding)]
    };
    match typed(output) {
        Some(ty) => quote_spanned! {mixed=> #lints if false { return #rt::never::<#ty>(); } },
        None => quote_spanned! {mixed=> #lints if false { return; } },
    }
}

/// The type of a body's value, with `_` where only the body tells; `None` for `()` that is not written.
pub(crate) fn typed(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    if matches!(**ty, Type::Never(_)) {
        return Some(syn::parse_quote!(::core::convert::Infallible));
    }
    let mut ty = (**ty).clone();
    Blank.visit_type_mut(&mut ty);
    Some(ty)
}

use syn::visit_mut::{self, VisitMut};

/// Replaces `impl Trait`, which stands nowhere but in signatures.
struct Blank;

impl VisitMut for Blank {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if matches!(ty, Type::ImplTrait(_)) {
            *ty = syn::parse_quote!(_);
        } else {
            visit_mut::visit_type_mut(self, ty);
        }
    }
}

/// The user's statements in a block of their own, whose value is taken before what was captured is dropped: without that a
/// temporary in the tail would outlive an argument, before edition 2024.
pub(crate) fn statements(block: &Block, output: &ReturnType) -> TokenStream {
    let mixed = Span::mixed_site();
    let stmts = &block.stmts;
    // Where the user wrote the block, for a block that lacks its value; not the user's own, which would be an unused brace.
    let mut inner = Group::new(Delimiter::Brace, quote!(#(#stmts)*));
    inner.set_span(block.brace_token.span.join().resolved_at(mixed));
    match typed(output) {
        Some(ty) => quote_spanned! {mixed=>
            #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::let_and_return, clippy::let_unit_value)]
            let __result: #ty = #inner;
            #[allow(unreachable_code)]
            __result
        },
        None => quote! { #inner },
    }
}
