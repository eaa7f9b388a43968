//! Reads the item that the attribute stands on.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{
    Attribute, Block, Error, GenericArgument, Item, PathArguments, Result, ReturnType, Signature, Stmt, Token, Type,
    TypeParamBound, Visibility, braced,
};

/// A function with its body.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    /// The braces, whose place tells the compiler that the function is the user's own.
    pub(crate) braces: Span,
    pub(crate) body: Body,
}

/// What stands between the braces.
#[derive(Clone)]
pub(crate) enum Body {
    Statements(Vec<Stmt>),
    /// What cannot be read here is passed on, so that the compiler's own message is the only one.
    Verbatim(TokenStream),
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let signature: Signature = input.parse()?;
        if input.is_empty() || input.peek(Token![;]) {
            return Err(Error::new_spanned(
                &signature.ident,
                "`#[routine]` needs a body; put it on the function in the `impl`, or on a method with a default body",
            ));
        }
        // Also through the group that a `$body:block` of `macro_rules!` comes in, which nobody sees.
        let content;
        let braces = braced!(content in input).span;
        let (inner, body) = Body::read(content.parse()?);
        attrs.extend(inner.into_iter().map(|mut attr| {
            attr.style = syn::AttrStyle::Outer;
            attr
        }));
        Ok(Self { attrs, vis, signature, braces: braces.join(), body })
    }
}

impl Function {
    /// Reads an item, or says what it is instead of a function.
    pub(crate) fn read(item: TokenStream) -> Result<Self> {
        let refusal = match syn::parse2(item.clone()) {
            Ok(function) => return Ok(function),
            Err(refusal) => refusal,
        };
        let Ok(found) = syn::parse2::<Item>(item) else { return Err(refusal) };
        let kind = match &found {
            Item::Const(_) => "a constant",
            Item::Enum(_) => "an enum",
            Item::ExternCrate(_) | Item::Use(_) => "an import",
            Item::ForeignMod(_) => "an `extern` block",
            Item::Impl(_) => "an `impl`",
            Item::Macro(_) => "a macro",
            Item::Mod(_) => "a module",
            Item::Static(_) => "a static",
            Item::Struct(_) => "a struct",
            Item::Trait(_) | Item::TraitAlias(_) => "a trait",
            Item::Type(_) => "a type",
            Item::Union(_) => "a union",
            _ => return Err(refusal),
        };
        Err(Error::new(
            first_span(without_attributes(found)),
            format!("`#[routine]` goes on a function, not on {kind}"),
        ))
    }

    /// Whether a plain function hands out a future that it made, as `async_trait` writes them.
    pub(crate) fn gives_future(&self) -> bool {
        match &self.signature.output {
            ReturnType::Type(_, ty) => self.signature.asyncness.is_none() && is_future(ty),
            ReturnType::Default => false,
        }
    }

    /// The type in the signature; none where it is `()`.
    pub(crate) fn returns(&self) -> Option<&Type> {
        match &self.signature.output {
            ReturnType::Type(_, ty) => match strip(ty) {
                Type::Tuple(tuple) if tuple.elems.is_empty() => None,
                ty => Some(ty),
            },
            ReturnType::Default => None,
        }
    }
}

impl Body {
    /// Inner attributes and statements.
    fn read(tokens: TokenStream) -> (Vec<Attribute>, Self) {
        let parser = |input: ParseStream<'_>| Ok((Attribute::parse_inner(input)?, Block::parse_within(input)?));
        match parser.parse2(tokens.clone()) {
            Ok((attrs, statements)) => (attrs, Self::Statements(statements)),
            Err(_) => (Vec::new(), Self::Verbatim(tokens)),
        }
    }

    /// Statements, as `routine!` takes them.
    pub(crate) fn statements(tokens: TokenStream) -> Self {
        match Block::parse_within.parse2(tokens.clone()) {
            Ok(statements) => Self::Statements(statements),
            Err(_) => Self::Verbatim(tokens),
        }
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Statements(statements) => statements.iter().for_each(|statement| statement.to_tokens(tokens)),
            Self::Verbatim(verbatim) => verbatim.to_tokens(tokens),
        }
    }
}

/// A type without parentheses and the groups of `macro_rules!`.
pub(crate) fn strip(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        }
    }
}

/// `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`, `LocalBoxFuture`: known by their names alone.
pub(crate) fn is_future(ty: &Type) -> bool {
    match strip(ty) {
        Type::ImplTrait(ty) => ty.bounds.iter().any(is_future_bound),
        Type::Path(ty) => ty.path.segments.last().is_some_and(|last| match last.ident.to_string().as_str() {
            "BoxFuture" | "LocalBoxFuture" => true,
            "Pin" => pointee(&last.arguments).is_some_and(is_boxed_future),
            _ => false,
        }),
        _ => false,
    }
}

fn is_boxed_future(ty: &Type) -> bool {
    let Type::Path(path) = strip(ty) else { return false };
    let pointee =
        path.path.segments.last().filter(|last| last.ident == "Box").and_then(|last| pointee(&last.arguments));
    matches!(pointee.map(strip), Some(Type::TraitObject(object)) if object.bounds.iter().any(is_future_bound))
}

fn pointee(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn is_future_bound(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.path.segments.last().is_some_and(|last| last.ident == "Future"))
}

fn without_attributes(item: Item) -> TokenStream {
    let mut tokens = item.into_token_stream().into_iter().peekable();
    while matches!(tokens.peek(), Some(TokenTree::Punct(hash)) if hash.as_char() == '#') {
        tokens.next();
        tokens.next_if(|token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket));
    }
    tokens.collect()
}

pub(crate) fn first_span(tokens: TokenStream) -> Span {
    tokens.into_iter().next().map_or_else(Span::call_site, |token| token.span())
}

/// A name for what the expansion keeps to itself.
pub(crate) fn private(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
