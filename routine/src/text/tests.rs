use std::cell::Cell;
use std::fmt;

use super::*;

struct Shown<F>(F);

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> Display for Shown<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

#[test]
fn what_acts_on_a_line_is_escaped() {
    let dirty = "a\nb\r\tc\u{1b}[31md\u{0}\u{7f}\u{85}\u{2028}\u{202e}\u{200b}\u{feff}é 漢";
    let cleaned = r"a\nb\r\tc\u{1b}[31md\u{0}\u{7f}\u{85}\u{2028}\u{202e}\u{200b}\u{feff}é 漢";
    assert_eq!(clean(&dirty, MESSAGE), cleaned);
}

#[test]
fn a_long_text_is_cut_at_a_character_and_says_so() {
    assert_eq!(clean(&"abcdef", 6), "abcdef");
    assert_eq!(clean(&"abcdefg", 6), "abcdef…");
    assert_eq!(clean(&"漢漢漢", 7), "漢漢…");
    assert_eq!(clean(&"abcde\nf", 6), "abcde…", "an escape is not cut in two");
    assert_eq!(clean(&"abc", 0), "…");
}

#[test]
fn a_text_that_is_clean_is_not_copied() {
    assert!(matches!(cleaned("imp漢", 6), Cow::Borrowed("imp漢")));
    assert!(matches!(cleaned("import", 5), Cow::Owned(text) if text == "impor…"));
    assert!(matches!(cleaned("im\nport", 20), Cow::Owned(text) if text == r"im\nport"));
}

#[test]
fn formatting_stops_once_the_text_is_full() {
    let pieces = Cell::new(0);
    let endless = Shown(|f: &mut fmt::Formatter<'_>| {
        loop {
            pieces.set(pieces.get() + 1);
            f.write_str("0123456789")?;
        }
    });
    assert_eq!(clean(&endless, 100).len(), 100 + ELLIPSIS.len_utf8());
    assert_eq!(pieces.get(), 11);
}

#[test]
fn a_text_is_read_no_further_than_it_is_kept() {
    let huge = "x".repeat(100 << 20);
    let start = std::time::Instant::now();
    for _ in 0..1000 {
        assert_eq!(clean(&huge, FIELD).len(), FIELD + ELLIPSIS.len_utf8());
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(1));
}

#[test]
fn a_display_that_ignores_the_end_adds_nothing() {
    let stubborn = Shown(|f: &mut fmt::Formatter<'_>| {
        for _ in 0..1000 {
            let _ = f.write_str("0123456789");
        }
        Ok(())
    });
    assert_eq!(clean(&stubborn, 15), "012345678901234…");
}

#[test]
fn a_display_that_panics_ends_the_text() {
    let broken = Shown(|f: &mut fmt::Formatter<'_>| {
        f.write_str("disk")?;
        panic!("in Display")
    });
    assert_eq!(clean(&broken, MESSAGE), "disk <its Display panicked>");
    let nested = Shown(|f: &mut fmt::Formatter<'_>| write!(f, "outer: {}", clean(&broken, MESSAGE)));
    assert_eq!(clean(&nested, MESSAGE), "outer: disk <its Display panicked>");
}

#[test]
fn a_display_that_fails_says_so() {
    assert_eq!(clean(&Shown(|_: &mut fmt::Formatter<'_>| Err(fmt::Error)), MESSAGE), "<its Display failed>");
}

#[test]
fn whatever_comes_in_one_short_line_comes_out() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let cap = random.usize(..40);
        let length = random.usize(..30);
        let text: String = (0..length).map(|_| any_char(&mut random)).collect();
        let cleaned = clean(&text, cap);
        assert!(!cleaned.chars().any(is_unsafe), "{cleaned:?}");
        assert!(cleaned.len() <= cap + ELLIPSIS.len_utf8(), "{cap}: {cleaned:?}");
        if !text.chars().any(is_unsafe) && text.len() <= cap {
            assert_eq!(cleaned, text);
        }
    }
}

fn any_char(random: &mut fastrand::Rng) -> char {
    match random.u8(..4) {
        0 => random.char('\0'..'\u{ff}'),
        1 => random.char('\u{2000}'..'\u{2070}'),
        2 => random.char(' '..'~'),
        _ => random.char(..),
    }
}
