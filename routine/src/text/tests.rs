use std::cell::Cell;
use std::fmt;

use proptest::prelude::*;

use super::{clean, is_unsafe};

#[test]
fn what_breaks_a_line_is_escaped() {
    assert_eq!(clean(&"a\nb\r\x1b[31mc\u{202e}d\u{2028}e", 100), "a\\nb\\r\\u{1b}[31mc\\u{202e}d\\u{2028}e");
    assert_eq!(clean(&"größe 漢字", 100), "größe 漢字");
}

#[test]
fn a_long_text_costs_its_head() {
    struct Endless<'a>(&'a Cell<usize>);
    impl fmt::Display for Endless<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                self.0.set(self.0.get() + 1);
                f.write_str("0123456789")?;
            }
        }
    }
    let pieces = Cell::new(0);
    let text = clean(&Endless(&pieces), 95);
    assert_eq!(text.len(), 95 + '…'.len_utf8());
    assert!(pieces.get() <= 10, "it went on after the text was full: {}", pieces.get());
}

#[test]
fn a_display_that_panics_or_fails_ends_the_text_alone() {
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far")?;
            panic!("no further")
        }
    }
    struct Fails;
    impl fmt::Display for Fails {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    assert_eq!(clean(&Panics, 100), "so far <its Display panicked>");
    assert_eq!(clean(&Fails, 100), "<its Display failed>");
}

proptest! {
    #[test]
    fn a_clean_text_is_one_short_line(text in any::<String>(), cap in 0_usize..200) {
        let cleaned = clean(&text, cap);
        prop_assert!(!cleaned.contains(is_unsafe));
        prop_assert!(cleaned.len() <= cap + '…'.len_utf8());
    }
}
