//! What Go's `routine`, and the trace of its `log`, do in their own tests, and the faults that must not come over.
//!
//! Which of their cases is shown by which test, also by those of other files, is a table in `docs/from-go.md`.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{catch_unwind, panic_any, resume_unwind};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use routine::{
    Builder, Handle, Outcome, Policy, Trace, add_after_routine, add_before_routine, go, go_value, go_with_must_success,
    go_with_recover, trace,
};
use routine_tests::{Record, capture, records};

/// Runs `start` as the beginning of a trace, and gives the records of that trace with what it gave.
async fn traced<T, F: Future<Output = T>>(start: impl FnOnce() -> F) -> (T, Vec<Record>) {
    capture();
    let root = Trace::new();
    let value = trace::scope(root, async { start().await }).await;
    (value, records(root.root()))
}

/// A panic in a body that ends in `()` otherwise.
fn ends_in_a_panic(payload: impl Any + Send) {
    panic_any(payload)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_well_runs_under_every_policy_though_nobody_waits() {
    let (mut ran, records) = traced(async || {
        let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..5 {
            let (log, recover, must) = (send.clone(), send.clone(), send.clone());
            go(async move { log.send(("log", number)) });
            go_with_recover(async move { recover.send(("recover", number)) });
            go_with_must_success(async move { must.send(("must_success", number)) });
        }
        drop(send);
        let mut ran = Vec::new();
        while let Some(one) = receive.recv().await {
            ran.push(one);
        }
        ran
    })
    .await;
    ran.sort_unstable();
    let each = |policy| (0..5).map(move |number| (policy, number));
    assert_eq!(ran, each("log").chain(each("must_success")).chain(each("recover")).collect::<Vec<_>>());
    assert_eq!(records.len(), 0, "{records:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_errors_each_is_reported_once_and_unasked_ones_hold_nobody_up() {
    let (handles, records) = traced(async || {
        let handles: Vec<Handle<()>> = (0..50)
            .flat_map(|number| {
                let fail = move |policy| async move { Err(format!("{policy} {number}")) };
                [go(fail("log")), go_with_recover(fail("recover"))]
            })
            .collect();
        while !handles.iter().all(Handle::is_finished) {
            tokio::task::yield_now().await;
        }
        handles
    })
    .await;
    let told: BTreeMap<_, _> = records
        .iter()
        .map(|record| (record.field("routine.id").to_owned(), record.field("exception.message")))
        .collect();
    assert_eq!((records.len(), told.len()), (100, 100));
    assert!(records.iter().all(|record| record.field("exception.stacktrace").is_empty()), "an error has no stack");
    for handle in handles {
        let id = handle.id().to_string();
        let error = handle.await.unwrap_err();
        assert_eq!(error.outcome(), Some(Outcome::Failed));
        assert!(error.to_string().ends_with(&format!("failed: {}", told[&id])), "{error}");
    }
}

#[tokio::test]
async fn what_a_routine_holds_is_given_back_when_it_panics() {
    capture();
    let places = Arc::new(tokio::sync::Semaphore::new(1));
    let place = Arc::clone(&places).acquire_owned().await.unwrap();
    // A future written by hand: an `async` block would drop the place itself, while it unwinds.
    let handle = go_with_recover(std::future::poll_fn(move |_| {
        assert_eq!(place.num_permits(), 0, "while it holds the place");
        Poll::Ready(())
    }));
    assert_eq!(places.available_permits(), 0);
    assert!(handle.await.unwrap_err().is_panic());
    assert_eq!(places.available_permits(), 1);
}

#[tokio::test]
async fn a_panic_may_carry_anything() {
    struct Message;

    capture();
    let panics: [(fn(), &str); 5] = [
        (|| panic_any("a text"), "a text"),
        (|| panic_any("a text of its own".to_owned()), "a text of its own"),
        (|| panic_any(()), "a payload that is no text"),
        (|| panic_any(42), "a payload that is no text"),
        (|| panic_any(Message), "a payload that is no text"),
    ];
    for (panics, message) in panics {
        let handle = go_with_recover(async move { panics() });
        let root = handle.trace().root();
        let error = handle.await.unwrap_err();
        assert_eq!(error.panic().unwrap().message(), message);
        assert!(error.panic().unwrap().location().unwrap().starts_with(file!()), "{error}");
        assert_eq!(records(root)[0].field("exception.message"), message);
    }
}

#[inline(never)]
fn deep(levels: u32) -> u32 {
    assert!(levels > 0, "deep down");
    std::hint::black_box(deep(levels - 1)) + 1
}

#[tokio::test]
async fn a_deep_stack_is_shown_frame_by_frame() {
    capture();
    let error = go_with_recover(async {
        deep(std::hint::black_box(20));
    });
    let error = error.await.unwrap_err();
    let stack = error.panic().unwrap().stack().unwrap().to_owned();
    assert_eq!(stack.matches("from_go::deep").count(), 21, "{stack}");
}

#[tokio::test]
async fn a_panic_that_is_caught_and_resumed_keeps_its_own_place_and_stack() {
    capture();
    let error = go_with_recover(async {
        let caught = catch_unwind(|| deep(0)).unwrap_err();
        resume_unwind(caught)
    });
    let error = error.await.unwrap_err();
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "deep down");
    assert!(panic.location().unwrap().starts_with(file!()), "{panic}");
    assert!(panic.stack().unwrap().contains("from_go::deep"), "{:?}", panic.stack());
}

#[tokio::test]
async fn a_panic_that_follows_a_caught_one_is_told_and_not_the_first() {
    let line = line!() + 4;
    let (error, records) = traced(async || {
        go_with_recover(async {
            assert!(catch_unwind(|| panic_any("the original")).is_err());
            panic_any("the one that follows");
        })
        .await
        .unwrap_err()
    })
    .await;
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "the one that follows");
    assert!(panic.location().unwrap().starts_with(&format!("{}:{line}:", file!())), "{panic}");
    assert_eq!(records.len(), 1, "{records:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panics_at_once_are_each_told_once_with_their_own_message() {
    let (ids, records) = traced(async || {
        let together = Arc::new(tokio::sync::Barrier::new(10));
        let handles: Vec<Handle<()>> = (0..10)
            .map(|number| {
                let together = Arc::clone(&together);
                go_with_recover(async move {
                    together.wait().await;
                    ends_in_a_panic(format!("panic {number}"));
                })
            })
            .collect();
        let mut ids = BTreeMap::new();
        for (number, handle) in handles.into_iter().enumerate() {
            ids.insert(handle.id().to_string(), format!("panic {number}"));
            assert!(handle.await.unwrap_err().is_panic());
        }
        ids
    })
    .await;
    let told: BTreeMap<_, _> = records
        .iter()
        .map(|record| (record.field("routine.id").to_owned(), record.field("exception.message").to_owned()))
        .collect();
    assert_eq!((told, records.len()), (ids, 10));
    // Whether it is shown or omitted depends on how many the tests beside this one have taken.
    assert!(records.iter().all(|record| !record.field("exception.stacktrace").is_empty()), "{records:?}");
}

#[tokio::test]
async fn hooks_are_told_the_base_and_the_own_number() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let scope = Trace::new();
    let root = scope.root();
    let (before, after) = (Arc::clone(&seen), Arc::clone(&seen));
    let hooks = [
        add_before_routine(move |begin| {
            if begin.trace().root() == root {
                before.lock().unwrap().push(("before", begin.base(), begin.id()));
            }
        }),
        add_after_routine(move |end| {
            if end.trace().root() == root {
                after.lock().unwrap().push(("after", end.base(), end.id()));
            }
        }),
    ];
    let outer = trace::scope(scope, async {
        go_value(async {
            let inner = go(async {});
            let id = inner.id();
            inner.await.unwrap();
            id
        })
    })
    .await;
    let id = outer.id();
    let inner = outer.await.unwrap();
    let expected = [("before", None, id), ("before", Some(id), inner), ("after", Some(id), inner), ("after", None, id)];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert!(hooks.iter().all(routine::hook::HookHandle::remove));
}

#[tokio::test]
async fn hooks_that_panic_cost_neither_the_routine_nor_each_other() {
    capture();
    let scope = Trace::new();
    let root = scope.root();
    let ran = Arc::new(Mutex::new(0));
    let count = Arc::clone(&ran);
    let hooks = [
        // The after-hook that panics runs before the one that counts: after-hooks run in reverse.
        add_after_routine(move |end| *count.lock().unwrap() += u32::from(end.trace().root() == root)),
        add_before_routine(move |begin| assert!(begin.trace().root() != root, "a bad hook before")),
        add_after_routine(move |end| assert!(end.trace().root() != root, "a bad hook after")),
    ];
    let value = trace::scope(scope, async { go(async { Ok::<_, String>(7) }).await }).await;
    assert_eq!(value.unwrap(), 7);
    assert_eq!(*ran.lock().unwrap(), 1);
    let records = records(root);
    let hook = |at: usize| records.get(at).map_or("", |record| record.field("exception.message"));
    assert_eq!([hook(0), hook(1)], ["a bad hook before", "a bad hook after"], "{records:?}");
    assert!(hooks.iter().all(routine::hook::HookHandle::remove));
}

#[tokio::test]
async fn a_trace_begins_with_its_root_where_nobody_set_one() {
    assert_eq!(trace::current(), None);
    let texts = || async {
        let outer = go_value(async {
            let inner = go_value(async { trace::current().unwrap().to_string() });
            (trace::current().unwrap().to_string(), inner.await.unwrap())
        });
        outer.await.unwrap()
    };
    let (outer, inner) = texts().await;
    for (text, length) in [(&outer, 32 + 17), (&inner, 32 + 2 * 17)] {
        assert_eq!(text.len(), length, "{text}");
        assert!(text[..32].bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
    }
    assert_eq!(inner[..outer.len()], outer, "a child's is its parent's with one segment more");
    assert_ne!(texts().await.0[..32], outer[..32], "and every beginning has a root of its own");
}

#[tokio::test]
async fn an_after_hook_reads_the_trace_that_the_body_had() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let scope = Trace::new();
    let root = scope.root();
    // Both orders, since the hook that removed the trace was the first of all.
    let hooks = ["added first", "added last"].map(|_| {
        let seen = Arc::clone(&seen);
        add_after_routine(move |end| {
            if end.trace().root() == root {
                seen.lock().unwrap().push((trace::current(), end.outcome()));
            }
        })
    });
    let handles = trace::scope(scope, async {
        let panics = Builder::new().policy(Policy::Recover).spawn(async { ends_in_a_panic("on purpose") });
        [go(async {}), go(async { Err("on purpose") }), panics]
    })
    .await;
    let mut expected = Vec::new();
    let routine = |(trace, _): &(Option<Trace>, Outcome)| trace.map(|trace| trace.segment());
    for (handle, outcome) in handles.into_iter().zip([Outcome::Completed, Outcome::Failed, Outcome::Panicked]) {
        expected.extend([(Some(handle.trace()), outcome); 2]);
        let _ = handle.await;
    }
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_by_key(routine);
    expected.sort_by_key(routine);
    assert_eq!(seen, expected);
    assert!(hooks.iter().all(routine::hook::HookHandle::remove));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_traces_set_at_once_each_is_seen_by_its_own_work_alone() {
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let own = Trace::new();
            tokio::spawn(async move {
                for _ in 0..10 {
                    trace::scope(own, async {
                        assert_eq!(trace::current(), Some(own));
                        tokio::task::yield_now().await;
                        assert_eq!(trace::current(), Some(own));
                    })
                    .await;
                    assert_eq!(trace::current(), None);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
