//! What is left of a function whose options are wrong: its signature as it would be, and its body to be checked, so that one
//! mistake makes one error and an editor keeps its bearings.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, ItemFn, ReturnType};

use crate::{body, expand, question};

/// The error, and the function beside it.
pub(crate) fn function(rt: &TokenStream, error: &Error, in_place: bool, function: &ItemFn) -> TokenStream {
    let error = error.to_compile_error();
    if in_place {
        return quote!(#error #function);
    }
    let mixed = Span::mixed_site();
    let ItemFn { attrs, vis, sig, block, .. } = function;
    let mut sig = sig.clone();
    let asynchronous = sig.asyncness.take().is_some();
    sig.constness = None;
    sig.variadic = None;
    let output = expand::handle(rt, &sig.output);
    sig.output = syn::parse_quote!(-> #output);
    let body = if asynchronous {
        let stmts = &block.stmts;
        if matches!(function.sig.output, ReturnType::Default) && question::first(block).is_some() {
            // The error says that a return type is missing; here the body gets the one that it names.
            let ok = quote_spanned!(mixed=> ::core::result::Result::<(), #rt::BoxError>::Ok(()));
            quote_spanned!(mixed=> let _ = async move { if false { return #ok; } #(#stmts)* ; #ok };)
        } else {
            let pin = body::pin(rt, &function.sig.output);
            quote_spanned!(mixed=> let _ = async move { #pin #(#stmts)* };)
        }
    } else {
        let output = body::typed(&function.sig.output).map(|ty| quote_spanned!(mixed=> -> #ty));
        quote_spanned!(mixed=> let _ = move || #output #block;)
    };
    let attrs = attrs.iter().filter(|attr| matches!(attr.style, syn::AttrStyle::Outer));
    quote_spanned! {mixed=>
        #error
        #(#attrs)*
        #[allow(unused, clippy::all, clippy::pedantic, clippy::nursery)]
        #vis #sig { #body loop {} }
    }
}
