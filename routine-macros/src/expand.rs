//! The attribute from its tokens to its expansion.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Error};

use crate::args::Options;
use crate::expand_again::Again;
use crate::input::{Body, Function};
use crate::{awaits, check, expand_again, expand_in_place, expand_start, fallback, question};

pub(crate) fn attribute(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut function = match Function::read(item.clone()) {
        Ok(function) => function,
        // The compiler says itself what is wrong with syntax that is newer than our parser.
        Err(_) if is_generator(&item) => return item,
        Err(error) => return fallback::unchanged(&error, &item),
    };
    let stays = asks_to_stay(&args);
    if let Some(second) = take_second(&mut function.attrs) {
        let error = Error::new_spanned(second.path(), "`#[routine]` is given twice; put all options into one");
        let stays = stays || asks_to_stay(&second.to_token_stream());
        return fallback::function(&error, &function, stays, &quote!(::routine));
    }
    let options = match syn::parse2::<Options>(args) {
        Ok(options) => options,
        Err(error) => return fallback::function(&error, &function, stays, &quote!(::routine)),
    };
    let krate = options.krate.as_ref().map_or_else(|| quote!(::routine), |path| quote!(#path));
    if let Err(error) = check::function(&function, &options) {
        return fallback::function(&error, &function, stays, &krate);
    }
    if let Err(error) = check_question(&function) {
        // The compiler would complain about the same `?` once more.
        let function = Function { body: Body::Statements(Vec::new()), ..function };
        return fallback::function(&error, &function, stays, &krate);
    }
    match check::available(&options) {
        Err(error) => fallback::function(&error, &function, stays, &krate),
        Ok(()) if stays => expand_in_place::expand(&options, &function, &krate),
        Ok(()) => match Again::of(&options) {
            None => expand_start::expand(&options, &function, &krate),
            Some(again) => match again.check(&options, &function) {
                Err(error) => fallback::function(&error, &function, stays, &krate),
                Ok(()) => expand_again::expand(again, &options, &function, &krate),
            },
        },
    }
}

/// Takes out further attributes of the same name, which would make a routine that only starts another, and gives the first.
fn take_second(attrs: &mut Vec<Attribute>) -> Option<Attribute> {
    let is_ours = |attr: &Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "routine");
    let second = attrs.iter().find(|attr| is_ours(attr)).cloned();
    attrs.retain(|attr| !is_ours(attr));
    second
}

/// The compiler would explain this by the async block or the closure that the body becomes.
fn check_question(function: &Function) -> syn::Result<()> {
    match &function.body {
        Body::Statements(statements) if function.returns().is_none() => match question::find(statements) {
            Some(question) => Err(Error::new(
                question,
                "`?` needs somewhere to send its error: give the function a return type, `-> Result<(), routine::BoxError>`",
            )),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether `in_place` is among the options, also where one of them is wrong.
fn asks_to_stay(args: &TokenStream) -> bool {
    args.clone().into_iter().any(|token| matches!(token, proc_macro2::TokenTree::Ident(word) if word == "in_place"))
}

fn is_generator(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|token| matches!(token, proc_macro2::TokenTree::Ident(word) if word == "gen"))
}

/// The statements of a body with their awaits labelled, unless that is turned off or the body cannot be read.
pub(crate) fn labelled(body: Body, options: &Options, rt: &TokenStream) -> Body {
    match body {
        Body::Statements(mut statements) if !options.has("awaits") => {
            awaits::label(&mut statements, rt);
            Body::Statements(statements)
        }
        body => body,
    }
}
