//! Where routines come from: the static description of a call site or an attributed function, and the line that called it.
//!
//! A slot holds one number for both, its *origin*: an index into a table that only grows, by as many rows as the
//! program has places that start routines.
//!
//! # Invariants
//! - A row never changes, and a number never means another row. Rows are read without a lock.
//! - One lock, `NUMBERED`, to give a place its number; no code of a user runs under it.

mod table;

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::policy::Policy;

use table::Table;

/// The static description of one call site or attributed function.
#[derive(Debug)]
pub struct Site {
    name: &'static str,
    module: &'static str,
    file: &'static str,
    line: u32,
    policy: Policy,
    /// This site's origin where it is its own spawn site; 0 until it was first used.
    origin: AtomicU32,
}

impl Site {
    /// Describes a site.
    #[must_use]
    pub const fn new(
        name: &'static str,
        module: &'static str,
        file: &'static str,
        line: u32,
        _column: u32,
        policy: Policy,
    ) -> Self {
        Self { name, module, file, line, policy, origin: AtomicU32::new(0) }
    }

    pub(crate) const fn policy(&self) -> Policy {
        self.policy
    }
}

/// Where a routine came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
    /// The file and line that started it.
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// The file that its body is in, where that is known.
    pub(crate) source: &'static str,
}

/// What tells one origin from another: the address of the site, or of the future's type name, and of the caller.
type Key = (usize, usize);

static ROWS: Table = Table::new();
/// The numbers of the places that have one.
static NUMBERED: Mutex<Option<HashMap<Key, u32>>> = Mutex::new(None);

/// Places that a thread remembers the numbers of.
const REMEMBERED: usize = 64;

thread_local! {
    static NUMBERS: [Cell<(Key, u32)>; REMEMBERED] = const { [const { Cell::new(((0, 0), 0)) }; REMEMBERED] };
}

/// The number of a site that is its own spawn site. One without a name is named by the type of its body.
#[inline]
pub(crate) fn here(site: &'static Site, type_name: fn() -> &'static str) -> u32 {
    match site.origin.load(Ordering::Relaxed) {
        0 => register_here(site, type_name),
        number => number,
    }
}

#[cold]
fn register_here(site: &'static Site, type_name: fn() -> &'static str) -> u32 {
    let address = std::ptr::from_ref(site).addr();
    let name = if site.name.is_empty() { split_type_name(type_name()).1 } else { site.name };
    let origin = Origin { name, module: site.module, file: site.file, line: site.line, source: site.file };
    let number = register((address, 0), || origin);
    site.origin.store(number, Ordering::Relaxed);
    number
}

/// The number of a site that `caller` called.
#[inline]
pub(crate) fn called(site: &'static Site, caller: &'static Location<'static>) -> u32 {
    let key = (std::ptr::from_ref(site).addr(), std::ptr::from_ref(caller).addr());
    remembered(key, || Origin {
        name: site.name,
        module: site.module,
        file: caller.file(),
        line: caller.line(),
        source: site.file,
    })
}

/// The number of a function's call that has no site: named by the type of what it was handed.
#[inline]
pub(crate) fn named_by_type(type_name: fn() -> &'static str, caller: &'static Location<'static>) -> u32 {
    let key = (type_name as usize, std::ptr::from_ref(caller).addr());
    remembered(key, || {
        let (module, name) = split_type_name(type_name());
        Origin { name, module, file: caller.file(), line: caller.line(), source: caller.file() }
    })
}

#[inline]
fn remembered(key: Key, describe: impl FnOnce() -> Origin) -> u32 {
    // Locations lie 24 bytes apart.
    let place = (key.1 >> 3) % REMEMBERED;
    let known = NUMBERS.with(|numbers| numbers[place].get());
    if known.0 == key { known.1 } else { look_up(key, place, describe()) }
}

#[cold]
#[inline(never)]
fn look_up(key: Key, place: usize, origin: Origin) -> u32 {
    let number = register(key, || origin);
    NUMBERS.with(|numbers| numbers[place].set((key, number)));
    number
}

fn register(key: Key, describe: impl FnOnce() -> Origin) -> u32 {
    let row = describe();
    let mut numbered = NUMBERED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let numbers = numbered.get_or_insert_default();
    let next = u32::try_from(numbers.len() + 1).unwrap_or(u32::MAX);
    *numbers.entry(key).or_insert_with(|| {
        ROWS.set(next, row);
        next
    })
}

/// The row of a number.
pub(crate) fn origin(number: u32) -> Origin {
    ROWS.get(number).copied().unwrap_or(Origin { name: NAMELESS, module: "", file: "", line: 0, source: "" })
}

/// The name of what says nothing about where it was written.
const NAMELESS: &str = "routine";

/// Module and name of the function that a type such as `shop::cart::refresh::{{closure}}` was written in.
fn split_type_name(type_name: &'static str) -> (&'static str, &'static str) {
    let mut path = pinned(type_name);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    if path.starts_with("dyn ") || path.starts_with("(dyn ") {
        return ("", NAMELESS);
    }
    let (prefix, segment) = split_last(path);
    let name = segment.find('<').map_or(segment, |start| &segment[..start]);
    (module(prefix), if name.is_empty() { NAMELESS } else { name })
}

/// What a pinned box or reference holds: the future that somebody wrote, and not how it was handed over.
fn pinned(type_name: &'static str) -> &'static str {
    let mut inner = type_name;
    loop {
        let held = ["core::pin::Pin<", "alloc::boxed::Box<"]
            .iter()
            .find_map(|holder| inner.strip_prefix(holder)?.strip_suffix('>'))
            .or_else(|| inner.strip_prefix("&mut "));
        match held {
            Some(held) => inner = held,
            None => return inner,
        }
    }
}

/// The module that a path stands in which may begin or end with a type: `<shop::Cart as Store>`, `shop::<impl Store for u8>`,
/// `shop::Cart<T>`. A type without generic arguments looks like a module, and stays.
fn module(prefix: &'static str) -> &'static str {
    if let Some(of) = prefix.strip_prefix('<') {
        let of = of.trim_start_matches(['&', '*', '(', '[']);
        let of = ["mut ", "const ", "dyn "].iter().fold(of, |of, word| of.strip_prefix(word).unwrap_or(of));
        let end = of.find(['<', '>', ' ', ',', ';', ')', ']']).unwrap_or(of.len());
        return split_last(&of[..end]).0;
    }
    let plain = prefix.find("::{").map_or(prefix, |start| &prefix[..start]);
    match plain.find('<') {
        Some(start) => plain[..start].rsplit_once("::").map_or("", |(module, _)| module),
        None => plain,
    }
}

/// What stands before and after the last `::` outside any brackets: generic arguments hold paths of their own.
fn split_last(path: &'static str) -> (&'static str, &'static str) {
    let bytes = path.as_bytes();
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().rev() {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        match byte {
            b'>' if before == Some(b'-') => {}
            b'>' | b')' | b']' | b'}' => depth += 1,
            b'<' | b'(' | b'[' | b'{' => depth = depth.saturating_sub(1),
            b':' if depth == 0 && before == Some(b':') => return (&path[..at - 1], &path[at + 1..]),
            _ => {}
        }
    }
    ("", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_is_named_by_the_function_it_was_written_in() {
        assert_eq!(split_type_name("shop::cart::refresh::{{closure}}::{{closure}}"), ("shop::cart", "refresh"));
        assert_eq!(split_type_name("shop::Job<alloc::string::String>"), ("shop", "Job"));
        assert_eq!(split_type_name("u8"), ("", "u8"));
        assert_eq!(split_type_name(""), ("", "routine"));
    }

    #[test]
    fn a_method_of_a_trait_is_named_in_the_module_of_the_type() {
        for (type_name, module) in [
            ("<shop::Cart as shop::store::Store>::run::{{closure}}", "shop"),
            ("<shop::Cart<a::B, fn(a::C) -> a::D> as store::Store<a::E>>::run::{{closure}}::{{closure}}", "shop"),
            ("<&mut shop::Cart as store::Store>::run<a::B>::{{closure}}", "shop"),
            ("<[shop::Cart; 2] as store::Store>::run::{{closure}}", "shop"),
            ("<dyn shop::Till as store::Store>::run::{{closure}}", "shop"),
            ("<u8 as store::Store>::run::{{closure}}", ""),
            ("shop::far::<impl store::Store for shop::Cart>::run::{{closure}}", "shop::far"),
            ("shop::far::<impl shop::Cart<a::B>>::run::{{closure}}", "shop::far"),
        ] {
            assert_eq!(split_type_name(type_name), (module, "run"), "{type_name}");
        }
    }

    #[test]
    fn generic_arguments_are_no_part_of_a_name() {
        for (type_name, module, name) in [
            ("shop::Cart<alloc::string::String>::total::{{closure}}", "shop", "total"),
            ("shop::Cart::total::{{closure}}", "shop::Cart", "total"),
            ("shop::total<a::B, (a::C, [a::D; 3])>::{{closure}}", "shop", "total"),
            ("shop::total<fn(a::B) -> a::C>::{{closure}}", "shop", "total"),
            ("shop::total::{{closure}}::inner::{{closure}}", "shop::total", "inner"),
            ("shop::outer<a::B>::inner::{{closure}}", "shop", "inner"),
        ] {
            assert_eq!(split_type_name(type_name), (module, name), "{type_name}");
        }
    }

    #[test]
    fn a_future_is_looked_for_in_its_pinned_box() {
        for (type_name, split) in [
            ("core::pin::Pin<alloc::boxed::Box<shop::refresh<a::B>::{{closure}}>>", ("shop", "refresh")),
            ("core::pin::Pin<&mut shop::refresh::{{closure}}>", ("shop", "refresh")),
            ("alloc::boxed::Box<shop::Job<a::B>>", ("shop", "Job")),
            (
                "core::pin::Pin<alloc::boxed::Box<dyn core::future::future::Future<Output = ()> + core::marker::Send>>",
                ("", "routine"),
            ),
            ("<core::pin::Pin<a::B> as shop::Store>::run::{{closure}}", ("core::pin", "run")),
        ] {
            assert_eq!(split_type_name(type_name), split, "{type_name}");
        }
    }

    /// The names that this compiler gives to such types.
    #[test]
    fn names_of_real_types_are_split() {
        fn named<T>(_: &T) -> &'static str {
            split_type_name(std::any::type_name::<T>()).1
        }
        trait Run {
            fn run(self) -> impl Future<Output = ()>;
        }
        struct Plain;
        struct Generic<T>(T);
        impl Run for Plain {
            async fn run(self) {}
        }
        impl Run for Vec<Option<u8>> {
            async fn run(self) {}
        }
        impl<T> Generic<T> {
            async fn total(self) -> T {
                std::future::ready(self.0).await
            }
        }
        assert_eq!(named(&Plain.run()), "run");
        assert_eq!(named(&vec![Some(1_u8)].run()), "run");
        assert_eq!(named(&Generic(vec![""]).total()), "total");
        assert_eq!(named(&Box::pin(Generic(1).total())), "total");
        let boxed: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async {});
        assert_eq!(named(&boxed), "routine");
    }

    #[test]
    fn one_place_keeps_its_number() {
        let here = Location::caller();
        let first = named_by_type(std::any::type_name::<u8>, here);
        assert_eq!(named_by_type(std::any::type_name::<u8>, here), first);
        let row = origin(first);
        assert_eq!((row.name, row.line), ("u8", here.line()));
    }
}
