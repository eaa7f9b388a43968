//! Finds what a function would borrow from its caller, which a routine outlives.
//!
//! What hides its borrow, such as `Ref` for `Ref<'_>`, is left to the compiler.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    Error, FnArg, GenericParam, Generics, Lifetime, ParenthesizedGenericArguments, Receiver, ReceiverKind, Result,
    ReturnType, Signature, TraitBound, TypeFnPtr, TypeParamBound, TypeReference, WherePredicate,
};

const OWNED: &str = "take it owned, in an `Arc`, or";

pub(crate) fn check(signature: &Signature) -> Result<()> {
    let mut finder = Finder { lasting: lasting(&signature.generics), found: None };
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => check_self(receiver, &mut finder)?,
            FnArg::Typed(argument) => finder.visit_type(&argument.ty),
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output {
        finder.visit_type(ty);
    }
    finder.found.map_or(Ok(()), Err)
}

fn check_self(receiver: &Receiver, finder: &mut Finder) -> Result<()> {
    let borrowed = match &receiver.kind {
        ReceiverKind::Reference(_, lifetime, _) => !lifetime.as_ref().is_some_and(|lifetime| finder.lasts(lifetime)),
        ReceiverKind::Typed(_, ty) => {
            finder.visit_type(ty);
            finder.found.take().is_some()
        }
        _ => false,
    };
    if borrowed {
        return Err(Error::new_spanned(
            receiver,
            "a routine outlives its caller, so it cannot borrow `self`: take `self: Arc<Self>`, or keep the method as it \
             is with `#[routine(in_place)]`",
        ));
    }
    Ok(())
}

/// The lifetimes that last as long as the program: `'static` and those bounded by it.
fn lasting(generics: &Generics) -> Vec<Lifetime> {
    let is_static = |bound: &Lifetime| bound.ident == "static";
    let params = generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(param) if param.bounds.iter().any(is_static) => Some(param.lifetime.clone()),
        _ => None,
    });
    let predicates =
        generics.where_clause.iter().flat_map(|clause| &clause.predicates).filter_map(|predicate| match predicate {
            WherePredicate::Lifetime(predicate) if predicate.bounds.iter().any(is_static) => {
                Some(predicate.lifetime.clone())
            }
            _ => None,
        });
    params.chain(predicates).chain([Lifetime::new("'static", Span::call_site())]).collect()
}

struct Finder {
    lasting: Vec<Lifetime>,
    found: Option<Error>,
}

impl Finder {
    fn lasts(&self, lifetime: &Lifetime) -> bool {
        self.lasting.iter().any(|lasting| lasting.ident == lifetime.ident)
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.as_ref().is_some_and(|lifetime| self.lasts(lifetime)) {
            visit::visit_type(self, &reference.elem);
        } else if self.found.is_none() {
            let text = compact(&reference.to_token_stream().to_string());
            self.found = Some(Error::new_spanned(
                reference,
                format!(
                    "a routine outlives its caller, so it cannot borrow `{text}`: {OWNED} `&'static`; `in_place` keeps \
                     borrowed arguments"
                ),
            ));
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if self.found.is_none() && !self.lasts(lifetime) {
            self.found = Some(Error::new_spanned(
                lifetime,
                format!(
                    "a routine outlives its caller, so it cannot borrow for `{lifetime}`: {OWNED} `'static`; `in_place` \
                     keeps borrowed arguments"
                ),
            ));
        }
    }

    // What a function is handed when it is called is not borrowed from this one's caller.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}

    fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
        if bound.lifetimes.is_none() {
            visit::visit_trait_bound(self, bound);
        }
    }

    fn visit_type_param_bound(&mut self, bound: &'ast TypeParamBound) {
        // `use<'a>` names what is captured, and is no borrow by itself.
        if !matches!(bound, TypeParamBound::PreciseCapture(_)) {
            visit::visit_type_param_bound(self, bound);
        }
    }
}

/// Tokens print with a space between any two; this takes out those that nobody writes.
pub(crate) fn compact(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (spaced, tight) in
        [("& ", "&"), (" < ", "<"), (" >", ">"), (" :: ", "::"), (" ,", ","), ("' ", "'"), ("[ ", "["), (" ]", "]")]
    {
        text = text.replace(spaced, tight);
    }
    text
}
