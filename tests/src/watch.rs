//! A subscriber that counts and keeps nothing.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A subscriber that reads every record and span of the target `routine` as a log would, and keeps nothing of them: what a
/// usual one keeps for the next spans would hide what the library leaves on the heap.
#[derive(Debug)]
pub struct Watch(());

static RECORDS: AtomicUsize = AtomicUsize::new(0);
static LONGEST: AtomicUsize = AtomicUsize::new(0);
static OPENED: AtomicUsize = AtomicUsize::new(0);
static CLOSED: AtomicUsize = AtomicUsize::new(0);
static ENTERED: AtomicUsize = AtomicUsize::new(0);
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// What a process logged until now.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Records.
    pub records: usize,
    /// The bytes of the longest record, all fields together.
    pub longest: usize,
    /// Spans that were opened, and closed.
    pub spans: (usize, usize),
    /// How often spans were entered, and left.
    pub turns: (usize, usize),
}

impl Watch {
    /// Installs it for the whole process.
    ///
    /// # Panics
    /// If there is another.
    pub fn install() {
        tracing::subscriber::set_global_default(Self(())).expect("there is no other subscriber");
    }

    /// What it counted.
    #[must_use]
    pub fn read() -> Watched {
        let [records, longest, opened, closed, entered, left] =
            [&RECORDS, &LONGEST, &OPENED, &CLOSED, &ENTERED, &LEFT].map(|counter| counter.load(Ordering::SeqCst));
        Watched { records, longest, spans: (opened, closed), turns: (entered, left) }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Watch {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "routine"
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Line(String::new()));
        let before = OPENED.fetch_add(1, Ordering::SeqCst);
        Id::from_non_zero_u64(std::num::NonZeroU64::MIN.saturating_add(before as u64))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        LONGEST.fetch_max(line.0.len(), Ordering::SeqCst);
        RECORDS.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {
        ENTERED.fetch_add(1, Ordering::SeqCst);
    }

    fn exit(&self, _: &Id) {
        LEFT.fetch_add(1, Ordering::SeqCst);
    }

    fn try_close(&self, _: Id) -> bool {
        CLOSED.fetch_add(1, Ordering::SeqCst);
        true
    }
}
