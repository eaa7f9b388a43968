//! The static description of a site, and the options of one start as a call of their constructors.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::args::Options;
use crate::input::private;
use crate::value;

/// Who is shown as the spawn site.
#[derive(Clone, Copy)]
pub(crate) enum SpawnSite {
    /// Whoever calls the function.
    Caller,
    /// The site itself.
    Here,
}

/// `Start::new(&SITE).name(..).field(..)`; `place` is the line and column that the site shows.
pub(crate) fn start(
    options: &Options,
    rt: &TokenStream,
    spawn_site: SpawnSite,
    default_name: &str,
    place: Span,
) -> TokenStream {
    let static_name = options.name.as_ref().and_then(value::literal);
    let site = site(options, rt, &static_name.clone().unwrap_or_else(|| quote!(#default_name)), place);
    let constructor = match spawn_site {
        SpawnSite::Caller => quote!(new),
        SpawnSite::Here => quote!(here),
    };
    let mut start = quote!(#rt::Start::#constructor(#site));
    if let (Some(name), None) = (&options.name, &static_name) {
        start.extend(quote!(.name(#name)));
    }
    for field in &options.fields {
        let (key, value) = (&field.key, &field.value);
        // What cannot be shown is blamed on the value.
        let place = value.span().resolved_at(Span::mixed_site());
        start.extend(quote_spanned!(place=> .field(#key, &(#value))));
    }
    if let Some(timeout) = options.timeout.map(duration) {
        start.extend(quote!(.timeout(#timeout)));
    }
    if let Some(deadline) = options.graceful.map(duration) {
        start.extend(quote!(.graceful(#deadline)));
    }
    if let Some(phase) = options.phase {
        start.extend(quote!(.phase(#phase)));
    }
    if options.has("root") {
        start.extend(quote!(.root()));
    }
    if options.has("quiet") {
        start.extend(quote!(.quiet()));
    }
    if let Some(mode) = &options.span {
        let mode = match mode.to_string().as_str() {
            "follows" => quote!(Follows),
            "off" => quote!(Off),
            _ => quote!(Child),
        };
        start.extend(quote!(.span(#rt::SpanMode::#mode)));
    }
    start
}

pub(crate) fn duration(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(::core::time::Duration::new(#seconds, #nanos))
}

fn site(options: &Options, rt: &TokenStream, name: &TokenStream, place: Span) -> TokenStream {
    let policy = if options.has("recover") {
        quote!(Recover)
    } else if options.has("must_success") {
        quote!(MustSuccess)
    } else {
        quote!(Log)
    };
    // `line!()` shows where it stands in the user's text, and not where the macro does.
    let line = quote_spanned!(place=> ::core::line!());
    let column = quote_spanned!(place=> ::core::column!());
    quote! {{
        static SITE: #rt::Site =
            #rt::Site::new(#name, ::core::module_path!(), ::core::file!(), #line, #column, #rt::Policy::#policy);
        &SITE
    }}
}

/// Climbs the ladder with the body and starts what is found. All of it stands where an error about the body belongs.
pub(crate) fn launch(rt: &TokenStream, (kind, go): (&str, &str), start: &Ident, body: &Ident) -> TokenStream {
    let blame = body.span();
    let (kind, go) = (Ident::new(kind, blame), Ident::new(go, blame));
    // One reference more than the ladder has rungs below its first.
    quote_spanned!(blame=> (&&&&&&&&&#rt::Probe(&#body)).#kind().#go(#start, #body))
}

/// Settles the value and the error of a future of a `Result` by the ladder's rungs for one, where nothing else tells them.
pub(crate) fn settled(rt: &TokenStream, future: &TokenStream) -> TokenStream {
    let run = private("__run");
    quote! {{
        use #rt::{A2 as _, A3 as _, A4 as _, A5 as _};
        let #run = #future;
        let _ = (&&&&&&&#rt::Probe(&#run)).kind();
        #run
    }}
}

/// The traits of the ladder, imported without their names.
pub(crate) fn rungs(is_async: bool) -> TokenStream {
    if is_async {
        quote!({A0 as _, A1 as _, A2 as _, A3 as _, A4 as _, A5 as _, A6 as _, A7 as _, A8 as _})
    } else {
        quote!({B0 as _, B1 as _, B2 as _, B3 as _, B4 as _, B5 as _, B6 as _, B7 as _, B8 as _})
    }
}
