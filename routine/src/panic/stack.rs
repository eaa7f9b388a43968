//! A captured stack as text, trimmed to the frames of the user's code.

use std::backtrace::Backtrace;
use std::fmt::Write;

use crate::text;

/// Frames that are shown at most, unless all are asked for.
const FRAMES: usize = 64;
/// Bytes that are shown at most of a trimmed stack, and of a whole one.
const TRIMMED: usize = 16 * 1024;
const WHOLE: usize = 128 * 1024;

/// The names of a captured stack, a frame on one line with its place on the next.
pub(super) fn resolve(captured: &Backtrace) -> String {
    let whole = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value == "full");
    let text = captured.to_string();
    if whole { text::head(&text, WHOLE).to_owned() } else { trim(&text) }
}

/// Keeps what lies between the machinery that panicked and the machinery that polled.
///
/// A stack's text is the only stable form that the standard library gives. Where nothing is recognised, as in a build
/// without symbols, all frames are kept.
fn trim(text: &str) -> String {
    let frames = frames(text);
    // The machinery of one panic is several frames, and further down a thread's start has frames of the same modules: what
    // counts is the last that began the panic above the first that polled.
    let began = frames.iter().position(|frame| begins_panic(frame.name)).unwrap_or(0);
    let polled = frames[began..].iter().position(|frame| polls(frame.name));
    let bottom = polled.map_or(frames.len(), |index| began + index);
    let top = frames[..bottom].iter().rposition(|frame| begins_panic(frame.name)).map_or(0, |index| index + 1);
    // A panic of our own, such as one in a dropped value, may leave nothing in between.
    let kept = if top < bottom { &frames[top..bottom] } else { &frames[..] };
    let mut trimmed = String::new();
    for (number, frame) in kept.iter().take(FRAMES).enumerate() {
        let _ = write!(trimmed, "{}{number:4}: {}", if number == 0 { "" } else { "\n" }, frame.name);
        if let Some(place) = frame.place {
            let _ = write!(trimmed, "\n             {place}");
        }
        if trimmed.len() > TRIMMED {
            return format!("{}…", text::head(&trimmed, TRIMMED));
        }
    }
    if kept.len() > FRAMES {
        let _ = write!(trimmed, "\n      … {} frames more", kept.len() - FRAMES);
    }
    trimmed
}

struct Frame<'a> {
    name: &'a str,
    place: Option<&'a str>,
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

/// Whether a frame is of the standard library's way from `panic!` to the hook.
fn begins_panic(name: &str) -> bool {
    [
        "rust_begin_unwind",
        "__rustc::rust_begin_unwind",
        "core::panicking::",
        "std::panicking::",
        "core::result::unwrap_failed",
        "core::option::unwrap_failed",
        "core::option::expect_failed",
        "core::slice::index::slice_",
        "std::panic::panic_any",
        "__rust_end_short_backtrace",
    ]
    .iter()
    .any(|marker| name.contains(marker))
        && !name.contains("std::panicking::try")
        && !name.contains("std::panicking::catch_unwind")
}

/// Whether a frame is of the way from a thread's start to the routine's body.
fn polls(name: &str) -> bool {
    [
        "std::panicking::try",
        "std::panicking::catch_unwind",
        "std::panic::catch_unwind",
        "panic::unwind_safe::AssertUnwindSafe",
        "<routine::task::Task<",
        "routine::blocking::Job<",
        "routine::in_place::",
        "routine::life::",
        "routine::panic::contain",
        "tokio::runtime::",
        "__rust_begin_short_backtrace",
    ]
    .iter()
    .any(|marker| name.contains(marker))
}

#[cfg(test)]
mod tests {
    use super::trim;

    #[test]
    fn what_panicked_and_what_polled_are_left_out() {
        let text = "   0: std::backtrace::Backtrace::force_capture\n   1: routine::panic::capture::see\n   \
                    2: std::panicking::panic_with_hook\n             at /rustc/x/panicking.rs:1:2\n   \
                    3: core::panicking::panic_fmt\n   4: shop::cart::total\n             at src/cart.rs:7:9\n   \
                    5: shop::main::{{closure}}\n   6: std::panicking::catch_unwind::do_call\n   7: tokio::runtime::task::raw::poll\n";
        assert_eq!(
            trim(text),
            "   0: shop::cart::total\n             at src/cart.rs:7:9\n   1: shop::main::{{closure}}"
        );
    }

    #[test]
    fn a_stack_without_names_is_kept() {
        assert_eq!(trim("   0: <unknown>\n   1: <unknown>\n"), "   0: <unknown>\n   1: <unknown>");
    }

    #[test]
    fn a_deep_stack_is_cut() {
        let deep: String = (0..1000).map(|number| format!("{number}: a::b\n")).collect();
        let trimmed = trim(&deep);
        assert!(trimmed.ends_with("… 936 frames more"), "{trimmed}");
    }
}
