//! Starting where there is no runtime: a typed error, or a panic at the line of whoever called.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use routine::prelude::*;
use routine::{Builder, Error, Group, Handle, Trace, routine, trace, try_go, try_go_blocking, try_go_value};
use routine_tests::{capture, records};

#[routine]
async fn attributed() {}

#[routine]
fn attributed_blocking() {}

/// Where a start panics that has no other way to say that it was refused.
fn place<T>(start: impl FnOnce() -> T) -> String {
    // The panic of a routine in place knows where it began.
    #[routine(in_place, recover)]
    fn panics<T>(start: impl FnOnce() -> T) -> Result<(), Error> {
        drop(start());
        Ok(())
    }

    let error = panics(start).unwrap_err();
    error.panic().expect("it panicked").location().expect("it began here").to_owned()
}

macro_rules! places {
    ($($start:expr),* $(,)?) => {
        [$((stringify!($start), place(|| $start))),*]
    };
}

#[test]
fn the_panic_is_at_the_callers_line() {
    capture();
    let line = line!() + 2;
    let places = places![
        routine::go(async {}),
        routine::go_value(async {}),
        routine::go_with_recover(async {}),
        routine::go_with_must_success(async {}),
        routine::go_blocking(|| ()),
        Builder::new().spawn(async {}),
        Builder::new().spawn_value(async {}),
        Builder::new().spawn_blocking(|| ()),
        Builder::new().spawn_local(async {}),
        attributed(),
        attributed_blocking(),
        routine! { drop(String::new()); },
        routine!(recover, async {}),
        routine!(|| ()),
    ];
    for (line, (start, place)) in (line..).zip(places) {
        assert!(place.starts_with(&format!("{}:{line}:", file!())), "{start}: {place}");
    }
}

#[test]
fn a_start_of_a_member_panics_at_the_callers_line_and_counts_nobody() {
    capture();
    let mut group = Group::<()>::builder().build().unwrap();
    let scope = group.scope().clone();
    let line = line!() + 2;
    let places = places![
        routine::start(|ready| async move { ready.started(()) }),
        group.go(async {}),
        group.go_value(async {}),
        group.go_blocking(|| ()),
        group.try_go(async {}),
        scope.go(async {}),
        scope.go_value(async {}),
        scope.go_blocking(|| ()),
        scope.try_go(async {}),
        scope.start(|ready| async move { ready.started(()) }),
    ];
    for (line, (start, place)) in (line..).zip(places) {
        assert!(place.starts_with(&format!("{}:{line}:", file!())), "{start}: {place}");
    }
    assert_eq!(scope.live(), 0);
}

#[test]
fn the_panic_says_what_to_do() {
    let payload = catch_unwind(|| drop(routine::go(async {}))).unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.contains("no tokio runtime here: start it inside one"), "{message}");
}

#[test]
fn the_error_is_typed_and_the_callers() {
    capture();
    let (scope, held) = (Trace::new(), Arc::new(()));
    let refused = trace::sync_scope(scope, || {
        let body = || {
            let held = Arc::clone(&held);
            async move { drop(held) }
        };
        let work = || {
            let held = Arc::clone(&held);
            move || drop(held)
        };
        [
            try_go(body()).map(drop),
            try_go_value(body()).map(drop),
            try_go_blocking(work()).map(drop),
            Builder::new().try_spawn(body()).map(drop),
            Builder::new().try_spawn_blocking(work()).map(drop),
        ]
    });
    for error in refused.map(Result::unwrap_err) {
        assert!(error.is_rejected() && !error.is_cancelled() && error.outcome().is_none());
        assert_eq!((error.id(), error.trace()), (None, scope));
        assert!(error.to_string().contains("was refused: no tokio runtime here"), "{error}");
    }
    assert_eq!(Arc::strong_count(&held), 1, "a body was kept");
    assert!(records(scope.root()).is_empty(), "the caller holds the error");
}

#[tokio::test]
async fn what_a_local_set_would_not_take_was_never_a_routine() {
    let scope = Trace::new();
    let hook = routine::add_around_routine(
        move |begin| assert_ne!(begin.trace().root(), scope.root()),
        move |end| assert_ne!(end.trace().root(), scope.root()),
    );
    capture();
    let held = Arc::new(());
    let body = Arc::clone(&held);
    let start = || trace::sync_scope(scope, || Builder::new().spawn_local(async move { drop(body) }));
    assert!(catch_unwind(AssertUnwindSafe(|| drop::<Handle<()>>(start()))).is_err());
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(records(scope.root()).is_empty(), "a hook ran");
    assert!(routine::snapshot().routines().all(|routine| routine.trace().root() != scope.root()));
    assert!(hook.remove());
}
