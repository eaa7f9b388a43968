//! What is running, as a tree to read.

use std::fmt;
use std::time::Duration;

use super::{Routine, Snapshot, snapshot, tree};
use crate::text;

/// Levels that are indented; deeper ones stand below them, marked with their depth.
const INDENTED: usize = 24;

/// What is running now, as a tree to read: see [`dump`].
#[derive(Debug)]
pub struct Dump(Snapshot);

/// What is running now, as a tree to read, like the dump of goroutines in Go: every routine under the one that started it,
/// with its number, state, age, trace, spawn site, and the line that it waits at. Siblings that are alike stand in one row
/// with their count.
///
/// ```text
/// 131 routines
/// server #1 waiting 5m 2s, trace 4bf92f….b7ad6b7169203331, spawned at src/main.rs:12, at src/server.rs:30
///   import #12 running 3.2s, trace 4bf92f….00f067aa0ba902b7, spawned at src/server.rs:41
///     fetch ×129 #13 to #141 waiting 2.9s to 3.1s, trace 4bf92f….., spawned at src/import.rs:88, at src/fetch.rs:17
/// ```
///
/// The text is for people and may change; [`snapshot`] is for programs. It calls no code of the user.
#[must_use]
pub fn dump() -> Dump {
    Dump(snapshot())
}

impl From<Snapshot> for Dump {
    fn from(snapshot: Snapshot) -> Self {
        Self(snapshot)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = &self.0;
        match snapshot.len() {
            0 => return f.write_str("no routines"),
            1 => f.write_str("1 routine")?,
            count => write!(f, "{count} routines")?,
        }
        for row in tree::rows(snapshot) {
            f.write_str("\n")?;
            for _ in 0..row.depth.min(INDENTED) {
                f.write_str("  ")?;
            }
            if row.depth > INDENTED {
                write!(f, "[{}] ", row.depth)?;
            }
            let first = snapshot.routine(row.alike[0]);
            let last = snapshot.routine(row.alike[row.alike.len() - 1]);
            write_row(f, &first, &last, row.alike.len(), row.depth)?;
        }
        Ok(())
    }
}

fn write_row(
    f: &mut fmt::Formatter<'_>,
    first: &Routine<'_>,
    last: &Routine<'_>,
    count: usize,
    depth: usize,
) -> fmt::Result {
    f.write_str(&text::clean(&first.name(), text::NAME))?;
    if count > 1 {
        write!(f, " ×{count} #{} to #{}", first.id(), last.id())?;
    } else {
        write!(f, " #{}", first.id())?;
    }
    write!(f, " {}", first.state())?;
    if first.is_blocking() {
        f.write_str(" on a blocking thread")?;
    }
    if first.is_in_place() {
        f.write_str(" in place")?;
    }
    if first.is_cancelled() {
        f.write_str(", asked to stop")?;
    }
    write!(f, " {}", Age(last.age()))?;
    if count > 1 {
        write!(f, " to {}", Age(first.age()))?;
    }
    write!(f, ", trace {}", first.trace())?;
    if let (0, Some(parent)) = (depth, first.parent()) {
        write!(f, ", started by #{parent}, which has ended")?;
    }
    let (file, line) = first.spawned_at();
    write!(f, ", spawned at {file}:{line}")?;
    if let Some((file, line)) = first.waits_at() {
        write!(f, ", at {file}:{line}")?;
    }
    Ok(())
}

/// A duration as people say it.
struct Age(Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 => write!(f, "{}ms", self.0.as_millis()),
            1..60 => write!(f, "{:.1}s", self.0.as_secs_f64()),
            60..3600 => write!(f, "{}m {}s", seconds / 60, seconds % 60),
            3600..86_400 => write!(f, "{}h {}m", seconds / 3600, seconds % 3600 / 60),
            _ => write!(f, "{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
        }
    }
}
