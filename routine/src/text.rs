//! Text from outside, made safe for one line of a log.
//!
//! Whoever reads a log trusts that a line is a record. An error's text may hold what a stranger sent: newlines that forge
//! records, escape sequences that a terminal obeys, marks that turn the direction of what follows.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use crate::panic;

/// The most that is kept of a message, in bytes.
pub(crate) const MESSAGE: usize = 4096;
/// The most that is kept of a field's value, or of an error's cause.
pub(crate) const FIELD: usize = 1024;
/// The most that is kept of a name.
pub(crate) const NAME: usize = 256;

/// What stands at the end of a text that was cut.
const ELLIPSIS: char = '…';
/// The bytes of the longest character.
const LONGEST_CHAR: usize = 4;

/// What `input` displays, on one line and of at most `cap` bytes, not counting the `…` that says that it was cut. A
/// `Display` that panics ends the text, and nothing else.
pub(crate) fn clean(input: &dyn Display, cap: usize) -> String {
    let mut line = Line { text: String::new(), cap, full: false };
    match panic::contain(|| write!(line, "{input}")) {
        Ok(Ok(())) => {}
        Ok(Err(fmt::Error)) => line.note("<its Display failed>"),
        Err(payload) => {
            panic::drop_payload(payload);
            line.note("<its Display panicked>");
        }
    }
    line.text
}

/// [`clean`] for a text that is clean as a rule, such as a name that stands in the source: that is not copied.
pub(crate) fn cleaned(text: &str, cap: usize) -> Cow<'_, str> {
    if text.len() <= cap && !text.contains(is_unsafe) { Cow::Borrowed(text) } else { Cow::Owned(clean(&text, cap)) }
}

/// Takes text up to a cap, and then refuses, which ends the formatting: a text of 100 MB costs as much as its head.
struct Line {
    text: String,
    cap: usize,
    full: bool,
}

impl Line {
    fn push(&mut self, piece: impl Display, len: usize) -> fmt::Result {
        if self.full {
            return Err(fmt::Error);
        }
        if self.text.len() + len > self.cap {
            self.full = true;
            self.text.push(ELLIPSIS);
            return Err(fmt::Error);
        }
        write!(self.text, "{piece}")
    }

    fn push_plain(&mut self, text: &str) -> fmt::Result {
        let room = self.room();
        if !self.full && text.len() > room {
            self.text.push_str(head(text, room));
        }
        self.push(text, text.len())
    }

    fn room(&self) -> usize {
        self.cap.saturating_sub(self.text.len())
    }

    /// Says why the text ends here, unless the cap is why.
    fn note(&mut self, note: &str) {
        if self.full {
            return;
        }
        let gap = if self.text.is_empty() { "" } else { " " };
        let _ = write!(self, "{gap}{note}");
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // No more than what must overflow is looked at: escapes only make a text longer.
        let mut rest = head(text, self.room().saturating_add(LONGEST_CHAR));
        while let Some(at) = rest.find(is_unsafe) {
            self.push_plain(&rest[..at])?;
            let mut tail = rest[at..].chars();
            if let Some(unsafe_char) = tail.next() {
                let escaped = unsafe_char.escape_default();
                self.push(&escaped, escaped.len())?;
            }
            rest = tail.as_str();
        }
        self.push_plain(rest)
    }
}

/// The first `cap` bytes of a text, or fewer where they would end inside a character.
pub(crate) fn head(text: &str, cap: usize) -> &str {
    let mut end = cap.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Characters that do something to a line besides standing in it.
fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            // Line and paragraph separators, at which some viewers break a line.
            '\u{2028}' | '\u{2029}'
            // Marks that change the direction of the text around them.
            | '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // What takes no room: two texts that look the same must be the same.
            | '\u{00ad}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
