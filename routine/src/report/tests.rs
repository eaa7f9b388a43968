use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Registry};

use super::*;
use crate::id::RoutineId;
use crate::policy::Policy;
use crate::trace::Trace;

type Fields = Vec<(&'static str, String)>;

/// Keeps every event's fields, in their order.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Fields>>>);

impl<S: Subscriber> Layer<S> for Kept {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Visited(Vec::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

struct Visited(Fields);

impl Visit for Visited {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn StdError + 'static)) {
        let mut text = value.to_string();
        let mut next = value.source();
        while let Some(cause) = next {
            text = text + " < " + &cause.to_string();
            next = cause.source();
        }
        self.0.push((field.name(), text));
    }
}

fn records(work: impl FnOnce()) -> Vec<Fields> {
    let kept = Kept::default();
    tracing::subscriber::with_default(Registry::default().with(kept.clone()), work);
    std::mem::take(&mut *kept.0.lock().unwrap())
}

fn value<'a>(record: &'a Fields, name: &str) -> &'a str {
    record.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn subject() -> Subject {
    Subject {
        id: RoutineId::from_raw(7),
        parent: RoutineId::from_raw(3),
        name: "import".into(),
        trace: Trace::from_parts(0x4bf9, [7, 3, 0], 2),
        file: "src/shop.rs",
        line: 12,
        policy: Policy::Log,
        fields: vec![("file", "a.csv".to_owned()), ("try", "2".to_owned())],
    }
}

/// An error whose text, and whose cause, is made by a function.
struct Made(fn() -> String, fn() -> Option<&'static Made>);

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0())
    }
}

impl fmt::Debug for Made {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nobody asks for it")
    }
}

impl StdError for Made {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1().map(|cause| cause as &(dyn StdError + 'static))
    }
}

const DISK: Made = Made(|| "disk full".to_owned(), || None);

fn failed(error: &Made) -> Cause<'_> {
    Cause::Error { error, type_name: "shop::Made" }
}

#[test]
fn a_failure_makes_one_event_with_every_field() {
    static CAUSE: Made = DISK;
    let error = Made(|| "cannot save".to_owned(), || Some(&CAUSE));
    let subject = subject();
    let records = records(|| report(&subject, &failed(&error)));
    let expected = [
        ("message", "routine `import` failed: cannot save".to_owned()),
        ("routine.id", "7".to_owned()),
        ("routine.name", "import".to_owned()),
        ("routine.parent_id", "3".to_owned()),
        ("trace_id", "00000000000000000000000000004bf9".to_owned()),
        ("span_id", subject.trace.segment().to_string()),
        ("routine.trace", subject.trace.to_string()),
        ("routine.policy", "log".to_owned()),
        ("routine.outcome", "failed".to_owned()),
        ("routine.fields", "file=a.csv try=2".to_owned()),
        ("code.file.path", "src/shop.rs".to_owned()),
        ("code.line.number", "12".to_owned()),
        ("error", "cannot save < disk full".to_owned()),
        ("exception.type", "shop::Made".to_owned()),
        ("exception.message", "cannot save".to_owned()),
    ];
    assert_eq!(records, [expected]);
}

#[test]
fn what_came_from_outside_stays_on_its_line() {
    static CAUSE: Made = Made(|| "\u{1b}[2J\u{202e}".to_owned(), || None);
    let error = Made(|| "line\nERROR forged".to_owned(), || Some(&CAUSE));
    let subject = Subject { name: "two\nlines".into(), ..subject() };
    let records = records(|| report(&subject, &failed(&error)));
    for (name, value) in &records[0] {
        assert!(!value.chars().any(char::is_control), "{name}: {value}");
    }
    assert_eq!(value(&records[0], "error"), r"line\nERROR forged < \u{1b}[2J\u{202e}");
    assert_eq!(render(&subject, &failed(&error)).lines().count(), 1);
}

#[test]
fn a_chain_without_end_is_told_in_part() {
    static LOOP: Made = Made(|| "again".to_owned(), || Some(&LOOP));
    let records = records(|| report(&subject(), &failed(&LOOP)));
    assert_eq!(value(&records[0], "error").matches("again").count(), 9);
}

#[test]
fn an_error_whose_functions_panic_is_told_as_far_as_it_goes() {
    static CAUSE: Made = Made(|| panic!("in Display"), || panic!("in source"));
    let error = Made(|| "cannot save".to_owned(), || Some(&CAUSE));
    let records = records(|| report(&subject(), &failed(&error)));
    assert_eq!(value(&records[0], "error"), "cannot save < <its Display panicked>");
}

#[test]
fn a_payload_that_panics_when_dropped_does_not_cost_the_record() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop")
        }
    }
    let error = Made(|| std::panic::panic_any(Bomb), || std::panic::panic_any(Bomb));
    let records = records(|| report(&subject(), &failed(&error)));
    assert_eq!(value(&records[0], "message"), "routine `import` failed: <its Display panicked>");
}

#[test]
fn a_record_inside_a_record_ends() {
    fn told() -> String {
        report(&subject(), &failed(&ENDLESS));
        "told".to_owned()
    }
    static ENDLESS: Made = Made(told, || None);
    let records = records(|| report(&subject(), &failed(&ENDLESS)));
    assert_eq!(records.len(), usize::from(NESTED));
    assert_eq!(MAKING.get(), 0);
}

#[test]
fn a_type_says_what_it_can() {
    let of = |type_name| {
        let records = records(|| report(&subject(), &Cause::Error { error: &DISK, type_name }));
        value(&records[0], "exception.type").to_owned()
    };
    assert_eq!(of(std::any::type_name::<crate::BoxError>()), "dyn Error");
    assert_eq!(of(std::any::type_name::<std::io::Error>()), "std::io::error::Error");
}

#[test]
fn other_ends_name_themselves() {
    let message = |cause: Cause<'_>| {
        let records = records(|| report(&subject(), &cause));
        value(&records[0], "message").to_owned()
    };
    let panic = panic::take(Box::new("boom"), 0);
    let hook = Location::caller();
    assert_eq!(message(Cause::Panic(&panic)), "routine `import` panicked: boom");
    assert_eq!(
        message(Cause::TimedOut(Some(Duration::from_secs(5)))),
        "routine `import` timed out: did not end within 5s"
    );
    assert_eq!(message(Cause::Rejected("no runtime")), "routine `import` was refused: no runtime");
    assert_eq!(
        message(Cause::DropPanic(&panic)),
        "what routine `import` left behind panicked while it was dropped: boom"
    );
    assert_eq!(
        message(Cause::HookPanic { hook, panic: &panic }),
        format!("the hook added at {hook} panicked for routine `import`: boom")
    );
}

#[test]
fn under_recover_a_missing_stack_is_told() {
    let panic = panic::take(Box::new("boom"), 0);
    let subject = Subject { policy: Policy::Recover, ..subject() };
    let records = records(|| report(&subject, &Cause::Panic(&panic)));
    assert_eq!(value(&records[0], "exception.stacktrace"), "resumed: no stack");
}

/// What a process that does one of these writes to stderr.
fn stderr_of(case: &str) -> String {
    let this = std::env::current_exe().unwrap();
    let child = Command::new(this)
        .args(["--exact", "report::tests::child", "--nocapture", "--test-threads=1"])
        .env("ROUTINE_REPORT_CASE", case)
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    String::from_utf8(child.stderr).unwrap()
}

#[test]
fn child() {
    struct Panics;
    impl<S: Subscriber> Layer<S> for Panics {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            panic!("in the subscriber")
        }
    }
    match std::env::var("ROUTINE_REPORT_CASE").as_deref() {
        Ok("no subscriber") => report(&subject(), &failed(&DISK)),
        Ok("filtered") => {
            let filter = EnvFilter::new("info,routine=off");
            let subscriber = Registry::default().with(filter);
            tracing::subscriber::with_default(subscriber, || report(&subject(), &failed(&DISK)));
        }
        Ok("subscriber panics") => {
            let subscriber = Registry::default().with(Panics);
            tracing::subscriber::with_default(subscriber, || report(&subject(), &failed(&DISK)));
        }
        Ok("fmt") => {
            let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).finish();
            tracing::subscriber::with_default(subscriber, || report(&subject(), &failed(&DISK)));
        }
        _ => {}
    }
}

#[test]
fn without_a_subscriber_the_record_goes_to_stderr() {
    let stderr = stderr_of("no subscriber");
    let line = stderr.lines().find(|line| line.contains("failed")).unwrap_or_default();
    assert!(
        line.starts_with("routine `import` failed: disk full, routine.id=7 routine.parent_id=3, routine.trace="),
        "{stderr}"
    );
    assert!(line.ends_with("started at src/shop.rs:12, file=a.csv try=2"), "{stderr}");
}

#[test]
fn a_filter_is_obeyed() {
    assert!(!stderr_of("filtered").contains("disk full"));
}

#[test]
fn a_record_that_the_subscriber_panics_over_goes_to_stderr() {
    assert!(stderr_of("subscriber panics").contains("routine `import` failed: disk full"));
}

#[test]
fn the_usual_formatter_shows_it_on_one_line() {
    let stderr = stderr_of("fmt");
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains("disk full")).collect();
    let [line] = lines[..] else { panic!("{stderr}") };
    assert!(
        line.contains("ERROR routine: routine `import` failed: disk full routine.id=7 routine.name=import "),
        "{line}"
    );
}
