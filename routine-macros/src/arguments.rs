//! Moves the arguments of a function into the routine that it starts.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Pat, PatIdent, PatType, Signature, parse_quote_spanned};

use crate::args::Options;
use crate::input::{Function, private};
use crate::returned::Returned;

pub(crate) struct Moved {
    /// The signature that gives a handle.
    pub(crate) signature: Signature,
    /// The statements that move every argument into the body.
    pub(crate) rebound: TokenStream,
    /// The statements that show the parts of arguments to the options, which are evaluated before.
    pub(crate) shown: TokenStream,
}

pub(crate) fn moved(function: &Function, options: &Options, krate: &TokenStream) -> Moved {
    let mut signature = function.signature.clone();
    let handle = Returned::of(function).handle(krate);
    signature.asyncness = None;
    signature.output = parse_quote_spanned!(function.signature.output.span()=> -> #handle);
    let (mut rebound, mut shown) = (TokenStream::new(), TokenStream::new());
    for (number, input) in signature.inputs.iter_mut().enumerate() {
        rebound.extend(rebind(input, number, options));
        if let (FnArg::Typed(before), FnArg::Typed(after)) = (&function.signature.inputs[number], input) {
            if let Some(statement) = show(&before.pat, &after.pat, options) {
                let attrs = attributes(after);
                shown.extend(quote!(#attrs #statement));
            }
        }
    }
    Moved { signature, rebound, shown }
}

/// What stands in front of an argument and may stand in front of a `let`, such as a `cfg`: where it is not, neither is that.
pub(crate) fn attributes(argument: &PatType) -> TokenStream {
    argument.attrs.iter().filter(|attr| !attr.path().is_ident("doc")).map(ToTokens::to_token_stream).collect()
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
    let attrs = attributes(argument);
    let allow = quote! {
        #attrs
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

/// Input: `(a, mut b): (A, B)`, where an option uses `a`
/// Output: `let (a, b) = &__arg0;`
fn show(pattern: &Pat, whole: &Pat, options: &Options) -> Option<TokenStream> {
    struct Mentioned<'a>(&'a Options, bool);

    impl Visit<'_> for Mentioned<'_> {
        fn visit_pat_ident(&mut self, binding: &PatIdent) {
            self.1 |= self.0.mention(&binding.ident);
        }
    }

    struct Plain;

    impl VisitMut for Plain {
        fn visit_pat_ident_mut(&mut self, binding: &mut PatIdent) {
            (binding.by_ref, binding.mutability) = (None, None);
            visit_mut::visit_pat_ident_mut(self, binding);
        }
    }

    let mut mentioned = Mentioned(options, false);
    mentioned.visit_pat(pattern);
    if matches!(pattern, Pat::Ident(binding) if binding.subpat.is_none()) || !mentioned.1 {
        return None;
    }
    let mut plain = pattern.clone();
    Plain.visit_pat_mut(&mut plain);
    Some(quote_spanned!(whole.span()=> #[allow(unused_variables)] let #plain = &#whole;))
}
