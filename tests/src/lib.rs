//! Shared support of the tests: what was logged, and small programs that end in a way that only a process can.

pub mod crew;
mod heap;
mod wall;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

pub use heap::Heap;
use routine::TraceId;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
pub use wall::Wall;
pub use watch::{Watch, Watched};

/// A record that was logged under the target `routine`.
#[derive(Clone, Debug)]
pub struct Record {
    /// Every field as text; the text of the record is `message`.
    pub fields: BTreeMap<&'static str, String>,
    /// The numbers of the routines whose spans it was logged in, the outermost first.
    pub spans: Vec<String>,
}

impl Record {
    /// A field; empty where the record has none of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

static RECORDS: Mutex<Vec<Record>> = Mutex::new(Vec::new());

/// Installs the subscriber that all tests of a process share, which keeps every record of the target `routine`.
///
/// # Panics
/// If the process has another subscriber.
pub fn capture() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Capture);
        tracing::subscriber::set_global_default(subscriber).expect("the tests install no other subscriber");
    });
}

/// The records of one trace: tests that run side by side see only their own.
#[must_use]
pub fn records(root: TraceId) -> Vec<Record> {
    let root = root.to_string();
    let records = RECORDS.lock().unwrap_or_else(PoisonError::into_inner);
    records.iter().filter(|record| record.field("trace_id") == root).cloned().collect()
}

struct Capture;

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

struct SpanId(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let (Some(span), Some(number)) = (context.span(id), fields.0.remove("routine.id")) {
            span.extensions_mut().insert(SpanId(number));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "routine" {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let spans = context.event_scope(event).map_or_else(Vec::new, |scope| {
            scope.from_root().filter_map(|span| span.extensions().get::<SpanId>().map(|id| id.0.clone())).collect()
        });
        RECORDS.lock().unwrap_or_else(PoisonError::into_inner).push(Record { fields: fields.0, spans });
    }
}

/// Runs a small program to its end.
///
/// # Panics
/// If it cannot be started.
#[must_use]
pub fn run(program: &str) -> Output {
    run_with(program, &[])
}

/// [`run`] with arguments.
///
/// # Panics
/// If it cannot be started.
#[must_use]
pub fn run_with(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env_remove("RUST_BACKTRACE").output().expect("the program was built with the tests")
}

/// Counts what is dropped.
#[derive(Clone, Debug, Default)]
pub struct Drops(Arc<AtomicUsize>);

/// Counted when it is dropped.
#[derive(Debug)]
pub struct Guard(Drops);

impl Drops {
    /// Something to be dropped.
    #[must_use]
    pub fn guard(&self) -> Guard {
        Guard(self.clone())
    }

    /// How many of them were dropped.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}
