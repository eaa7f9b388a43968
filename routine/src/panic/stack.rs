//! A captured stack as text, trimmed to the frames of the user's code.
//!
//! A stack's text is the only form of it that the standard library gives. Frames are told apart by their names, and by the
//! files that they stand in, since frames that were put into others have short names such as `poll<..>`. An optimised build without debug information may
//! have put all of a body's frames into ours, whose outermost is then all that is left. Where nothing is recognised, as in a
//! build without symbols, all frames are kept.

use std::backtrace::Backtrace;
use std::borrow::Cow;
use std::fmt::{self, Write};
use std::path::Path;

use crate::text;

/// Frames that are shown at most, unless all are asked for.
const FRAMES: usize = 64;
/// Bytes that are shown at most of a trimmed stack.
const TRIMMED: usize = 16 * 1024;
/// Bytes that are read at most of a stack, and shown of a whole one: a recursion may be a million frames deep.
const WHOLE: usize = 256 * 1024;

/// The names of a captured stack, a frame on one line with its place on the next.
pub(super) fn resolve(captured: &Backtrace) -> String {
    let whole = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full");
    let mut text = Head(String::new());
    // An error says that the head is full.
    let _ = write!(text, "{captured}");
    if whole {
        return text.0;
    }
    // The standard library shows places below it from there.
    let here = std::env::current_dir().ok();
    trim(&text.0, here.as_deref().and_then(Path::to_str).unwrap_or_default())
}

/// Takes the head of a text.
struct Head(String);

impl Write for Head {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = WHOLE - self.0.len();
        self.0.push_str(text::head(text, room));
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Keeps what lies between the machinery that panicked and the machinery that polled, of a stack that was shown in the
/// folder `here`.
fn trim(text: &str, here: &str) -> String {
    let frames = frames(text);
    let kept = own(&frames, here);
    let mut trimmed = String::new();
    for (number, frame) in kept.iter().take(FRAMES).enumerate() {
        let start = trimmed.len();
        let gap = if number == 0 { "" } else { "\n" };
        let _ = write!(trimmed, "{gap}{number:4}: {}", text::clean(&frame.name, text::FIELD));
        if let Some(place) = frame.place {
            let _ = write!(trimmed, "\n             {}", text::clean(&without_registry(place), text::FIELD));
        }
        if trimmed.len() > TRIMMED {
            trimmed.truncate(start);
            return rest(trimmed, kept.len() - number);
        }
    }
    if kept.len() > FRAMES { rest(trimmed, kept.len() - FRAMES) } else { trimmed }
}

fn rest(mut shown: String, frames: usize) -> String {
    let _ = write!(shown, "\n      … {frames} frames more");
    shown
}

struct Frame<'a> {
    name: &'a str,
    place: Option<&'a str>,
}

impl Frame<'_> {
    /// The file that it stands in, with `/` between its parts.
    fn file(&self, here: &str) -> Option<String> {
        let place = self.place?.strip_prefix("at ")?;
        // What is left of `src/x.rs:1:2` without its numbers.
        let file = place.trim_end_matches(|last: char| last.is_ascii_digit() || last == ':');
        let file = match file.strip_prefix("./").or_else(|| file.strip_prefix(".\\")) {
            Some(below) => format!("{here}/{below}"),
            None => file.to_owned(),
        };
        Some(file.replace('\\', "/"))
    }

    /// Whether it is of our way into the body of a routine.
    fn begins_routine(&self, here: &str) -> bool {
        begins_routine(self.name) || self.file(here).is_some_and(|file| is_way_in(&file))
    }

    /// Whether it is the standard library's own.
    fn is_std(&self, here: &str) -> bool {
        is_std(self.name) || self.file(here).is_some_and(|file| is_file_of_std(&file))
    }
}

/// The name of the folder that this crate was built in.
const FOLDER: &str = match option_env!("CARGO_MANIFEST_DIR") {
    Some(path) => last_part(path),
    None => "routine",
};

/// The last part of a path; a constant, so that the path itself does not get into the program.
const fn last_part(path: &str) -> &str {
    let mut part = path.as_bytes();
    let mut at = part.len();
    while at > 0 {
        at -= 1;
        if matches!(part[at], b'/' | b'\\') {
            part = part.split_at(at + 1).1;
            break;
        }
    }
    match std::str::from_utf8(part) {
        Ok(part) => part,
        Err(_) => path,
    }
}

/// Whether a file is one of ours through which a routine's body is run. Where it lay when it was built, and by which path the
/// compiler shows it, may differ.
fn is_way_in(file: &str) -> bool {
    let ours = ["task.rs", "blocking.rs", "in_place.rs", "life.rs", "panic/mod.rs"];
    ours.iter().any(|ours| {
        let folder = file.strip_suffix(ours).and_then(|folder| folder.strip_suffix("/src/"));
        folder.is_some_and(|folder| folder.rsplit('/').next() == Some(FOLDER))
    })
}

/// Whether a file is of the standard library, as it was built or as rustup installs its sources.
fn is_file_of_std(file: &str) -> bool {
    ["/rustc/", "/lib/rustlib/src/rust/"]
        .iter()
        .any(|root| file.split_once(root).is_some_and(|(_, file)| file.contains("library/")))
}

/// The place of a frame in a dependency, without the folder that cargo unpacks those of a registry in.
fn without_registry(place: &str) -> Cow<'_, str> {
    let separators = ['/', '\\'];
    let unpacked = separators.iter().find_map(|separator| {
        let (_, below) = place.split_once(&format!("{separator}registry{separator}src{separator}"))?;
        let (registry, place) = below.split_once(*separator)?;
        // Ends in a hash.
        let (_, hash) = registry.rsplit_once('-')?;
        hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(place)
    });
    unpacked.map_or(Cow::Borrowed(place), |place| Cow::Owned(format!("at {place}")))
}

fn frames(text: &str) -> Vec<Frame<'_>> {
    let mut frames: Vec<Frame<'_>> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("at ") {
            if let Some(frame) = frames.last_mut() {
                frame.place = Some(line);
            }
        } else if let Some((number, name)) = line.split_once(": ") {
            if number.bytes().all(|byte| byte.is_ascii_digit()) {
                frames.push(Frame { name, place: None });
            }
        }
    }
    frames
}

/// The frames of the user's code. All, where none is recognised as such.
fn own<'a, 'b>(frames: &'b [Frame<'a>], here: &str) -> &'b [Frame<'a>] {
    let hook = frames.iter().position(|frame| frame.name.contains("__rust_end_short_backtrace"));
    let mut own = &frames[hook.map_or(0, |last| last + 1)..];
    while let [first, outer @ ..] = own {
        if !first.is_std(here) {
            break;
        }
        own = outer;
    }
    // Code of a user may catch a panic and resume it, or run a runtime of its own, so our own frames say best where the
    // routine began. An optimised build may have put them into their callers.
    let ours = own.iter().position(|frame| frame.begins_routine(here));
    if ours == Some(0) {
        return &own[..1];
    }
    let bottom = ours.or_else(|| own.iter().position(|frame| runs_routines(frame.name)));
    own = &own[..bottom.unwrap_or(own.len())];
    while let [inner @ .., last] = own {
        if !last.is_std(here) {
            break;
        }
        own = inner;
    }
    if own.is_empty() { frames } else { own }
}

/// Whether a name is of our way into the body of a routine.
fn begins_routine(name: &str) -> bool {
    ["routine::task::", "routine::blocking::", "routine::in_place::", "routine::life::", "routine::panic::contain"]
        .iter()
        .any(|module| name.trim_start_matches(['<', '_']).starts_with(module))
}

/// Whether a frame is of the way from the start of a thread to what a runtime runs.
fn runs_routines(name: &str) -> bool {
    ["__rust_try", "std::panicking::", "std::panic::catch_unwind", "tokio::runtime::", "__rust_begin_short_backtrace"]
        .iter()
        .any(|marker| name.contains(marker))
}

/// Whether a name is the standard library's own, and not of an implementation for one of its types.
fn is_std(name: &str) -> bool {
    let of_std = |path: &str| {
        ["core::", "std::", "alloc::", "__rust", "rust_begin_unwind", "_Unwind_"]
            .iter()
            .any(|krate| path.starts_with(krate))
    };
    match name.strip_prefix('<').and_then(|name| name.split_once(" as ")) {
        Some((of, what)) => of_std(of.trim_start_matches(['&', '<'])) && of_std(what),
        None => of_std(name.trim_start_matches('<')),
    }
}

#[cfg(test)]
mod tests {
    use super::{FOLDER, FRAMES, TRIMMED, last_part, without_registry};

    fn trim(text: &str) -> String {
        super::trim(text, "")
    }

    fn names(trimmed: &str) -> Vec<&str> {
        trimmed.lines().filter_map(|line| line.split_once(": ")).map(|(_, name)| name).collect()
    }

    #[test]
    fn what_panicked_and_what_polled_are_left_out() {
        let text = "   0: std::backtrace::Backtrace::force_capture\n   1: routine::panic::capture::see\n   \
                    2: std::panicking::panic_with_hook\n             at /rustc/x/panicking.rs:1:2\n   \
                    3: std::sys::backtrace::__rust_end_short_backtrace\n   4: __rustc::rust_begin_unwind\n   \
                    5: core::panicking::panic_fmt\n   6: core::result::Result<T,E>::unwrap\n   \
                    7: shop::cart::total\n             at src/cart.rs:7:9\n   8: shop::main::{{closure}}\n   \
                    9: <core::pin::Pin<P> as core::future::future::Future>::poll\n  \
                    10: <routine::task::Task<K,F> as core::future::future::Future>::poll::{{closure}}\n  \
                    11: std::panicking::catch_unwind::do_call\n  12: tokio::runtime::task::raw::poll\n";
        assert_eq!(
            trim(text),
            "   0: shop::cart::total\n             at src/cart.rs:7:9\n   1: shop::main::{{closure}}"
        );
    }

    #[test]
    fn an_optimised_build_without_our_frames_is_trimmed_at_the_runtime() {
        let text = "0: std::panicking::panic_with_hook\n1: std::sys::backtrace::__rust_end_short_backtrace\n\
                    2: std::panicking::begin_panic\n3: shop::cart::total\n4: tokio::runtime::task::raw::poll\n";
        assert_eq!(names(&trim(text)), ["shop::cart::total"]);
    }

    #[test]
    fn a_body_that_an_optimised_build_put_into_our_frame_leaves_that_one() {
        let text = "0: __rust_end_short_backtrace\n1: core::panicking::panic_fmt\n\
                    2: <routine::task::Task<K,F> as core::future::future::Future>::poll\n\
                    3: tokio::runtime::task::raw::poll\n4: clone3\n";
        assert_eq!(names(&trim(text)), ["<routine::task::Task<K,F> as core::future::future::Future>::poll"]);
    }

    #[test]
    fn a_runtime_and_a_catch_of_the_users_own_are_kept() {
        let text = "0: __rust_end_short_backtrace\n1: shop::inner\n2: std::panicking::catch_unwind\n3: shop::retry\n\
                    4: tokio::runtime::runtime::Runtime::block_on\n5: shop::outer\n6: routine::blocking::Job<K,R>::run\n";
        let kept = trim(text);
        assert_eq!(names(&kept).first(), Some(&"shop::inner"));
        assert_eq!(names(&kept).last(), Some(&"shop::outer"));
    }

    #[test]
    fn an_implementation_for_a_type_of_the_standard_library_is_the_users() {
        let text = "0: __rust_end_short_backtrace\n1: <alloc::vec::Vec<T> as core::ops::index::Index<I>>::index\n\
                    2: <alloc::vec::Vec<T> as shop::Total>::total\n3: routine::task::poll\n";
        assert_eq!(names(&trim(text)), ["<alloc::vec::Vec<T> as shop::Total>::total"]);
    }

    #[test]
    fn a_place_in_a_dependency_begins_with_its_crate() {
        for (place, short) in [
            (
                "at /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.54.1/src/time.rs:9:1",
                "at tokio-1.54.1/src/time.rs:9:1",
            ),
            (r"at C:\u\.cargo\registry\src\index-1f\tokio-1.54.1\src\time.rs:9:1", r"at tokio-1.54.1\src\time.rs:9:1"),
            ("at /x/registry/src/a/cart.rs:7:9", "at /x/registry/src/a/cart.rs:7:9"),
            ("at ./src/cart.rs:7:9", "at ./src/cart.rs:7:9"),
        ] {
            assert_eq!(without_registry(place), short);
        }
    }

    #[test]
    fn the_folder_of_this_crate_is_the_last_of_its_path() {
        assert_eq!(
            [last_part("/x/routine-0.1.0"), last_part(r"C:\x\routine"), last_part("routine")].concat(),
            "routine-0.1.0routineroutine"
        );
        assert!(file!().split('/').rev().nth(3).is_none_or(|folder| folder == FOLDER), "{FOLDER}");
    }

    /// A release build's text, shown in `here`, with frames that were put into others.
    fn inlined(ours: &str) -> String {
        format!(
            "   0: std::backtrace::Backtrace::force_capture\n   1: {{closure#0}}\n             at {ours}/src/panic/capture.rs:76:13\n   \
             2: std::sys::backtrace::__rust_end_short_backtrace\n   3: core::panicking::panic_fmt\n   \
             4: expect<u32>\n             at /rustc/5980/library/core/src/option.rs:970:9\n   \
             5: {{async_block#0}}\n             at ./src/walk.rs:105:9\n   \
             6: poll<alloc::boxed::Box<dyn core::future::future::Future>>\n             at /root/.rustup/toolchains/x/lib/rustlib/src/rust/library/core/src/future/future.rs:133:9\n   \
             7: {{closure#0}}<routine::task::Fallible, shop::file>\n             at {ours}/src/task.rs:107:60\n   \
             8: do_call<..>\n             at /rustc/5980/library/std/src/panicking.rs:581:40\n   \
             9: shop::task\n             at ./src/task.rs:1:1\n"
        )
    }

    #[test]
    fn frames_with_short_names_are_known_by_their_files() {
        let expected = "   0: {async_block#0}\n             at ./src/walk.rs:105:9";
        let root = format!("/x/{FOLDER}");
        // Where it was built, in a workspace that the process runs in, and in our own folder.
        for (ours, here) in [(root.as_str(), "/y"), (&format!("./{FOLDER}"), "/x"), (".", &root)] {
            assert_eq!(super::trim(&inlined(ours), here), expected, "{ours}");
        }
    }

    #[test]
    fn texts_of_real_builds_are_trimmed() {
        for (text, body) in [
            (include_str!("stack/blocking_release.txt"), ["deep", "{closure#1}"]),
            (include_str!("stack/in_place_dev.txt"), ["shop::deep", "shop::inplace_sync::{{closure}}"]),
        ] {
            let text = text.replace("./routine/", &format!("./{FOLDER}/"));
            assert_eq!(names(&super::trim(&text, "/x")), body);
        }
    }

    #[test]
    fn a_file_of_the_users_with_the_name_of_ours_is_kept() {
        let text = "0: __rust_end_short_backtrace\n1: shop::cart\n at ./src/task.rs:1:1\n2: shop::till\n at /x/shop/src/life.rs:1:1\n\
                    3: shop::mine\n at /x/library/src/y.rs:1:1\n4: poll<..>\n at /x/tokio/src/z.rs:1:1\n";
        assert_eq!(names(&super::trim(text, "/x/shop")), ["shop::cart", "shop::till", "shop::mine", "poll<..>"]);
    }

    #[test]
    fn a_stack_without_names_is_kept() {
        assert_eq!(trim("   0: <unknown>\n   1: <unknown>\n"), "   0: <unknown>\n   1: <unknown>");
    }

    #[test]
    fn a_deep_stack_is_cut() {
        let trimmed = trim(&"0: a::b\n".repeat(1000));
        assert!(trimmed.ends_with("… 936 frames more"), "{trimmed}");
        assert_eq!(names(&trimmed).len(), FRAMES);
        let wide = format!("0: {}\n", "a".repeat(900));
        assert!(trim(&wide.repeat(FRAMES)).len() < TRIMMED + 50);
    }
}
