//! What is running, as a tree to read.

use std::fmt;
use std::time::Duration;

use super::{Routine, Snapshot, snapshot, tree};
use crate::text;
use crate::trace::TraceId;

/// Levels that are indented; deeper ones stand below them, marked with their depth.
const INDENTED: usize = 24;

/// What is running now, as a tree to read: see [`dump`].
#[derive(Debug)]
pub struct Dump(Snapshot);

/// What is running now, as a tree to read, like the dump of goroutines in Go: every routine under the one that started it,
/// with its number, state, age, the line that it waits at, where it was started, its trace (its span alone where the trace
/// goes on from the row above) and its fields. Siblings that are alike in all but number, age, trace and fields stand in one
/// row with their count. Behind them stand the [pools](crate::Pool), each with what it runs and what waits there.
///
/// ```text
/// 131 routines
/// server #1 waiting 5m 2s at src/server.rs:30, spawned at src/main.rs:12, trace 4bf92f3577b34da6a3ce929d0e0e4736.b7ad6b7169203331
///   import #12 running 3.2s, spawned at src/server.rs:41, span 00f067aa0ba902b7, file=a.csv
///     fetch ×129 #13 to #141 waiting 2.9s to 3.1s at src/fetch.rs:17, spawned at src/import.rs:88
/// pool `thumbnails`: 4 running of 4 at most, 12 waiting, 90112 submitted, 3 rejected
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
            0 => f.write_str("no routines")?,
            1 => f.write_str("1 routine")?,
            count => write!(f, "{count} routines")?,
        }
        // Of the rows that the next one may be under.
        let mut roots: Vec<TraceId> = Vec::new();
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
            roots.truncate(row.depth);
            let above = roots.last().copied();
            roots.push(first.trace().root());
            write_row(f, &first, &last, row.alike.len(), above)?;
        }
        snapshot.pools().iter().try_for_each(|pool| write!(f, "\n{pool}"))
    }
}

/// Writes a row: the oldest and the youngest of those alike, how many they are, and the trace of the row that this one is
/// under.
fn write_row(
    f: &mut fmt::Formatter<'_>,
    first: &Routine<'_>,
    last: &Routine<'_>,
    count: usize,
    above: Option<TraceId>,
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
    write!(f, " {}", Age(last.age()))?;
    if count > 1 {
        write!(f, " to {}", Age(first.age()))?;
    }
    if let Some((file, line)) = first.waits_at() {
        write!(f, " at {file}:{line}")?;
    }
    if first.is_cancelled() {
        f.write_str(", asked to stop")?;
    }
    let (file, line) = first.spawned_at();
    write!(f, ", spawned at {file}:{line}")?;
    if let (None, Some(parent)) = (above, first.parent()) {
        write!(f, " by #{parent}, which has ended")?;
    }
    // Those alike differ in what follows.
    if count > 1 {
        return Ok(());
    }
    let trace = first.trace();
    if above == Some(trace.root()) {
        write!(f, ", span {}", trace.segment())?;
    } else {
        write!(f, ", trace {trace}")?;
    }
    for (key, value) in first.fields() {
        write!(f, ", {key}={value}")?;
    }
    Ok(())
}

/// A duration as people say it.
pub(crate) struct Age(pub(crate) Duration);

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
