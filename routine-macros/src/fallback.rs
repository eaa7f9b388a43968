//! What is emitted beside an error, so that one mistake makes one error: the function with its new signature, whose body
//! is still checked and completed, and whose callers still find what they call.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Error;

use crate::args::Options;
use crate::arguments;
use crate::expand_start::braced;
use crate::input::Function;
use crate::returned::Returned;

/// An item that is no function stays as it is.
pub(crate) fn unchanged(error: &Error, item: &TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#error #item)
}

pub(crate) fn function(error: &Error, function: &Function, stays: bool, krate: &TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    let Function { attrs, vis, signature, braces, body } = function;
    let returned = Returned::of(function);
    // Of a function that never returns, the compiler could not tell what an `impl Trait` stands for.
    if stays || returned.hides_a_type() || signature.ident == "main" {
        let block = braced(body, *braces);
        return quote!(#error #(#attrs)* #vis #signature #block);
    }
    let mut starting = arguments::moved(function, &Options::default(), krate).signature;
    starting.inputs.clone_from(&signature.inputs);
    starting.constness = None;
    starting.abi = None;
    starting.variadic = None;
    let statements = braced(body, braces.resolved_at(Span::mixed_site()));
    let checked = if signature.asyncness.is_some() {
        let pin = returned.pin(&quote!(#krate::__private));
        quote!(async { #pin #statements })
    } else {
        let ty = &returned.inferred;
        quote!(|| -> #ty #statements)
    };
    let block = braced(
        &quote! {
            let _ = #checked;
            loop {}
        },
        *braces,
    );
    quote!(#error #(#attrs)* #[allow(unused_mut)] #vis #starting #block)
}
