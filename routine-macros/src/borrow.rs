//! Arguments that a routine cannot outlive.

use syn::visit::{self, Visit};
use syn::{BoundLifetimes, Error, FnArg, GenericParam, Lifetime, ReceiverKind, Result, Signature, Type};

/// Refuses arguments that are borrowed for less than `'static`.
pub(crate) fn check(signature: &Signature) -> Result<()> {
    let mut search = Search { forever: forever(signature), found: None };
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                if matches!(receiver.kind, ReceiverKind::Reference(..)) {
                    let message = "a routine outlives its caller, so it cannot borrow `self`: take `self: Arc<Self>`, or keep \
                                   the method as it is with `#[routine(in_place)]`";
                    return Err(Error::new_spanned(receiver, message));
                }
                if let ReceiverKind::Typed(_, ty) = &receiver.kind {
                    search.visit_type(ty);
                }
            }
            FnArg::Typed(argument) => search.visit_type(&argument.ty),
        }
        if let Some(error) = search.found.take() {
            return Err(error);
        }
    }
    Ok(())
}

/// Lifetimes that are declared as long as `'static`.
fn forever(signature: &Signature) -> Vec<String> {
    let declared = signature.generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(param) if param.bounds.iter().any(|bound| bound.ident == "static") => {
            Some(param.lifetime.ident.to_string())
        }
        _ => None,
    });
    declared.chain(["static".to_owned()]).collect()
}

struct Search {
    forever: Vec<String>,
    found: Option<Error>,
}

impl Search {
    fn lasts(&self, lifetime: &Lifetime) -> bool {
        self.forever.iter().any(|name| lifetime.ident == name)
    }

    fn find(&mut self, tokens: impl quote::ToTokens, message: String) {
        self.found.get_or_insert_with(|| Error::new_spanned(tokens, message));
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::Reference(reference) if reference.lifetime.as_ref().is_none_or(|lifetime| !self.lasts(lifetime)) => {
                let shown = quote::quote!(#reference).to_string().replace("& ", "&");
                self.find(
                    reference,
                    format!(
                        "a routine outlives its caller, so it cannot borrow `{shown}`: take it owned, in an `Arc`, or \
                         `&'static`; `in_place` keeps borrowed arguments"
                    ),
                );
            }
            // What a function pointer borrows, it borrows when it is called.
            Type::FnPtr(_) => {}
            _ => visit::visit_type(self, ty),
        }
    }

    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast syn::ParenthesizedGenericArguments) {}

    fn visit_bound_lifetimes(&mut self, _: &'ast BoundLifetimes) {}

    fn visit_trait_bound(&mut self, bound: &'ast syn::TraitBound) {
        if bound.lifetimes.is_none() {
            visit::visit_trait_bound(self, bound);
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if !self.lasts(lifetime) {
            self.find(
                lifetime,
                format!(
                    "a routine outlives its caller, so it cannot borrow for `{lifetime}`: take it owned, in an `Arc`, or \
                     `'static`; `in_place` keeps borrowed arguments"
                ),
            );
        }
    }
}
