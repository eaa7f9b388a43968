//! Hooks: their order, their pairs, and what they may do.

use std::sync::{Arc, Mutex};

use routine::{Outcome, TraceId, add_after_routine, add_before_routine, go, trace};
use routine_tests::{capture, records};

/// What hooks saw of one trace.
type Seen = Arc<Mutex<Vec<String>>>;

fn note(seen: &Seen, root: TraceId, of: TraceId, what: String) {
    if root == of {
        seen.lock().unwrap().push(what);
    }
}

#[tokio::test]
async fn before_in_order_and_after_in_reverse() {
    let seen = Seen::default();
    let scope = routine::Trace::new();
    let root = scope.root();
    let mut hooks = Vec::new();
    for name in ["first", "second"] {
        let (before, after) = (Arc::clone(&seen), Arc::clone(&seen));
        hooks
            .push(add_before_routine(move |begin| note(&before, root, begin.trace().root(), format!("before {name}"))));
        hooks.push(add_after_routine(move |end| {
            assert_eq!(trace::current().map(|trace| trace.root()), Some(end.trace().root()));
            note(&after, root, end.trace().root(), format!("after {name}: {}", end.outcome()));
        }));
    }
    trace::scope(scope, async { go(async {}).await.unwrap() }).await;
    // The handle resolved after the hooks had run.
    let expected = ["before first", "before second", "after second: completed", "after first: completed"];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert!(hooks.iter().all(routine::hook::HookHandle::remove));
    trace::scope(scope, async { go(async {}).await.unwrap() }).await;
    assert_eq!(seen.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn hooks_that_come_and_go_meanwhile_still_pair() {
    let seen = Seen::default();
    let scope = routine::Trace::new();
    let root = scope.root();
    let (before, after) = (Arc::clone(&seen), Arc::clone(&seen));
    let first = add_before_routine(move |begin| note(&before, root, begin.trace().root(), "before".to_owned()));
    let second = add_after_routine(move |end| note(&after, root, end.trace().root(), "after".to_owned()));
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
    let handle = trace::scope(scope, async {
        go(async move {
            begun.send(()).unwrap();
            released.await
        })
    })
    .await;
    has_begun.await.unwrap();
    first.remove();
    second.remove();
    let late = Arc::clone(&seen);
    let late = add_after_routine(move |end| note(&late, root, end.trace().root(), "late".to_owned()));
    release.send(()).unwrap();
    handle.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["before", "after"]);
    late.remove();
}

#[tokio::test]
async fn an_abort_before_the_first_poll_runs_both() {
    let seen = Seen::default();
    let scope = routine::Trace::new();
    let root = scope.root();
    let (before, after) = (Arc::clone(&seen), Arc::clone(&seen));
    let hooks = [
        add_before_routine(move |begin| {
            note(&before, root, begin.trace().root(), format!("before, started: {}", begin.started()));
        }),
        add_after_routine(move |end| {
            assert!(root != end.trace().root() || end.outcome() == Outcome::Cancelled);
            note(&after, root, end.trace().root(), format!("after, started: {}", end.started()));
        }),
    ];
    let handle = trace::scope(scope, async { go(async {}) }).await;
    handle.abort();
    assert!(handle.await.unwrap_err().is_cancelled());
    assert_eq!(*seen.lock().unwrap(), ["before, started: false", "after, started: false"]);
    assert!(hooks.iter().all(routine::hook::HookHandle::remove));
}

#[tokio::test]
async fn a_hook_that_panics_is_reported_and_the_others_run() {
    capture();
    let seen = Seen::default();
    let scope = routine::Trace::new();
    let root = scope.root();
    let after = Arc::clone(&seen);
    let hooks = [
        add_before_routine(move |begin| assert!(begin.trace().root() != root, "a bad hook")),
        add_before_routine(move |begin| note(&after, root, begin.trace().root(), "ran".to_owned())),
    ];
    trace::scope(scope, async { go(async {}).await.unwrap() }).await;
    assert_eq!(*seen.lock().unwrap(), ["ran"]);
    let records = records(root);
    assert_eq!(records.len(), 1);
    assert!(records[0].field("message").contains("a bad hook"), "{records:?}");
    assert!(hooks.iter().all(routine::hook::HookHandle::remove));
}

#[tokio::test]
async fn a_routine_started_inside_a_hook_runs_without_hooks() {
    let seen = Seen::default();
    let scope = routine::Trace::new();
    let root = scope.root();
    let (before, started) = (Arc::clone(&seen), Arc::new(Mutex::new(None)));
    let start = Arc::clone(&started);
    let hook = add_before_routine(move |begin| {
        if begin.trace().root() == root {
            note(&before, root, root, begin.name().to_owned());
            assert!(!routine::dump().to_string().is_empty());
            *start.lock().unwrap() = Some(go(async {}));
        }
    });
    trace::scope(scope, async { go(async {}).await.unwrap() }).await;
    let inner = started.lock().unwrap().take().unwrap();
    inner.await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
    hook.remove();
}

#[tokio::test]
async fn what_a_hook_starts_never_leads_back_to_the_hook() {
    let seen = Seen::default();
    let scope = routine::Trace::new();
    let root = scope.root();
    let before = Arc::clone(&seen);
    let hook = add_before_routine(move |begin| {
        if begin.trace().root() == root {
            note(&before, root, root, begin.name().to_owned());
            // Under a scope, and one generation down.
            trace::sync_scope(begin.trace(), || {
                go(async {
                    go(async {}).await.unwrap();
                })
            });
        }
    });
    trace::scope(scope, async { go(async {}).await.unwrap() }).await;
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    assert_eq!(seen.lock().unwrap().len(), 1);
    hook.remove();
}
