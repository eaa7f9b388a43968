use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Registry};

use super::*;
use crate::policy::Policy;
use crate::trace::Trace;

/// What is seen of the spans that are made.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Kept {
    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Kept {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut names = Names(Vec::new());
        attributes.record(&mut names);
        let parent = context.span(id).and_then(|span| span.parent().map(|parent| parent.name()));
        let metadata = attributes.metadata();
        self.push(format!("{} {} under {parent:?}: {}", metadata.level(), metadata.name(), names.0.join(" ")));
    }

    fn on_follows_from(&self, span: &Id, follows: &Id, context: Context<'_, S>) {
        let name = |id| context.span(id).map(|span| span.name());
        self.push(format!("{:?} follows from {:?}", name(span), name(follows)));
    }
}

struct Names(Vec<&'static str>);

impl Visit for Names {
    fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
        self.0.push(field.name());
    }
}

fn subject() -> Subject {
    Subject {
        id: RoutineId::from_raw(7),
        parent: RoutineId::from_raw(3),
        name: "import".into(),
        trace: Trace::new(),
        file: "src/shop.rs",
        line: 12,
        policy: Policy::Log,
        fields: vec![("file", "a.csv".to_owned())],
    }
}

fn seen(work: impl FnOnce()) -> Vec<String> {
    let kept = Kept::default();
    tracing::subscriber::with_default(Registry::default().with(kept.clone()), || {
        tracing::info_span!("request").in_scope(work);
    });
    let mut seen = std::mem::take(&mut *kept.0.lock().unwrap());
    seen.remove(0);
    seen
}

const FIELDS: &str = "routine.id routine.name trace_id span_id routine.fields";

#[test]
fn a_child_is_under_the_span_that_started_it() {
    let seen = seen(|| assert!(new(&subject(), SpanMode::Child).is_some()));
    assert_eq!(seen, [format!("INFO routine under Some(\"request\"): {FIELDS}")]);
}

#[test]
fn a_follower_is_a_root_with_a_link() {
    let seen = seen(|| assert!(new(&subject(), SpanMode::Follows).is_some()));
    let expected =
        [format!("INFO routine under None: {FIELDS}"), r#"Some("routine") follows from Some("request")"#.to_owned()];
    assert_eq!(seen, expected);
}

#[test]
fn off_makes_none() {
    assert!(seen(|| assert!(new(&subject(), SpanMode::Off).is_none())).is_empty());
}

#[test]
fn a_filter_is_obeyed() {
    let filtered = Registry::default().with(EnvFilter::new("info,routine=off"));
    tracing::subscriber::with_default(filtered, || {
        assert!(new(&subject(), SpanMode::Child).is_none());
        assert!(!wanted(SpanMode::Child), "a routine is not to be dressed for a span that nobody wants");
    });
    let open = Registry::default().with(EnvFilter::new("info"));
    tracing::subscriber::with_default(open, || {
        assert!(wanted(SpanMode::Child));
        assert!(!wanted(SpanMode::Off));
    });
}

#[test]
fn a_subscriber_that_panics_costs_the_span_alone() {
    struct Panics;
    impl<S: Subscriber> Layer<S> for Panics {
        fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
            panic!("in the subscriber")
        }
    }
    tracing::subscriber::with_default(Registry::default().with(Panics), || {
        assert!(new(&subject(), SpanMode::Child).is_none());
    });
}

#[test]
fn levels_compare_as_filters_do() {
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
    for (index, level) in levels.into_iter().enumerate() {
        assert_eq!(usize::from(talk(level)), index + 1);
        assert!(reaches(talk(level), LevelFilter::from_level(level)));
        assert_eq!(reaches(talk(level), LevelFilter::WARN), level <= LevelFilter::WARN);
        assert!(!reaches(talk(level), LevelFilter::OFF));
    }
    assert!(!reaches(0, LevelFilter::TRACE));
}
