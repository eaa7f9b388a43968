//! A subscriber that keeps nothing: what a usual one keeps for the next spans would hide what we leave on the heap.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static RECORDS: AtomicU64 = AtomicU64::new(0);
static OPENED: AtomicU64 = AtomicU64::new(0);
static CLOSED: AtomicU64 = AtomicU64::new(0);
static ENTERED: AtomicU64 = AtomicU64::new(0);
static LEFT: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Watch;

/// Reads a record as a log would.
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
        Id::from_u64(1 + OPENED.fetch_add(1, Ordering::SeqCst))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(String::new()));
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

/// Every span was closed, and left as often as it was entered; and whatever failed has its record.
pub(crate) fn check() {
    let [records, opened, closed, entered, left] =
        [&RECORDS, &OPENED, &CLOSED, &ENTERED, &LEFT].map(|counter| counter.load(Ordering::SeqCst));
    println!("{records} records, {opened} spans entered {entered} times");
    assert!(records > 0 && opened > 0);
    assert_eq!((opened, entered), (closed, left), "spans closed, and left");
}
