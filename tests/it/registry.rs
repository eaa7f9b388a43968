//! What is running can be seen, from spawn to end.

use std::collections::HashSet;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};

use routine::prelude::*;
use routine::{Builder, RoutineState, Trace, dump, go, go_blocking, go_value, routine, snapshot, trace};
use routine_tests::capture;
use tokio::sync::{Notify, oneshot};
use tokio::task::yield_now;

#[tokio::test]
async fn a_routine_is_there_from_its_spawn_to_its_end() {
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let line = line!() + 1;
    let handle = Builder::new().name("import").field("file", "a.csv").spawn(async move { released.await });
    let id = handle.id();
    let spawned = snapshot();
    let import = spawned.get(id).unwrap();
    assert_eq!((import.name(), import.state()), ("import", RoutineState::Spawned));
    assert_eq!(import.spawned_at(), (file!(), line));
    assert_eq!(import.fields().collect::<Vec<_>>(), [("file", "a.csv")]);
    assert_eq!(import.trace(), handle.trace());
    tokio::task::yield_now().await;
    assert_eq!(snapshot().get(id).unwrap().state(), RoutineState::Waiting);
    release.send(()).unwrap();
    handle.await.unwrap();
    assert!(snapshot().get(id).is_none());
}

#[tokio::test]
async fn the_dump_is_a_tree_with_like_siblings_in_one_row() {
    let (started, is_started) = tokio::sync::oneshot::channel();
    let parent = Builder::new().name("the-parent").spawn(async move {
        let children: Vec<_> =
            (0..5).map(|_| Builder::new().name("the-child").spawn(std::future::pending::<()>())).collect();
        tokio::task::yield_now().await;
        started.send(children).unwrap();
        std::future::pending::<()>().await;
    });
    let children = is_started.await.unwrap();
    tokio::task::yield_now().await;
    let text = dump().to_string();
    let lines: Vec<_> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("the-parent #{}", parent.id()))).unwrap();
    let ids = (children[0].id(), children[4].id());
    assert!(lines[at + 1].starts_with(&format!("  the-child ×5 #{} to #{} waiting", ids.0, ids.1)), "{text}");
    parent.abort();
    children.iter().for_each(routine::Handle::abort);
}

#[tokio::test]
async fn a_chain_of_successors_keeps_its_trace_bounded() {
    fn next(left: u32, done: tokio::sync::oneshot::Sender<usize>) {
        go(async move {
            if left == 0 {
                let trace = routine::trace::current().unwrap();
                let _ = done.send(trace.to_string().chars().count());
            } else {
                next(left - 1, done);
            }
        });
    }
    let (done, is_done) = tokio::sync::oneshot::channel();
    next(100_000, done);
    assert_eq!(is_done.await.unwrap(), 32 + 2 + 3 * 17);
}

/// The state that a snapshot shows for the routine that takes it.
fn own_state() -> RoutineState {
    let own = routine::current().unwrap().id();
    snapshot().get(own).unwrap().state()
}

#[tokio::test]
async fn a_routine_that_looks_at_itself_runs_and_a_hook_sees_it_in_a_hook() {
    let scope = Trace::new();
    let (before, after) = (oneshot::channel(), oneshot::channel());
    let tell = |told: oneshot::Sender<RoutineState>| {
        let told = std::sync::Mutex::new(Some(told));
        move |root| {
            if root == scope.root() {
                told.lock().unwrap().take().unwrap().send(own_state()).unwrap();
            }
        }
    };
    let (begins, ends) = (tell(before.0), tell(after.0));
    let hook =
        routine::add_around_routine(move |begin| begins(begin.trace().root()), move |end| ends(end.trace().root()));
    let ran = trace::scope(scope, async { go_value(async { own_state() }) }).await.await.unwrap();
    assert!(hook.remove());
    let states = [before.1.await.unwrap(), ran, after.1.await.unwrap()];
    assert_eq!(states, [RoutineState::InHook, RoutineState::Running, RoutineState::InHook]);
}

#[routine(in_place)]
async fn waits_in_place() {
    pending::<()>().await;
}

#[tokio::test]
async fn work_on_a_blocking_thread_and_in_place_is_listed_as_such_until_it_ends() {
    let (runs, running) = oneshot::channel();
    let (go_on, told) = std::sync::mpsc::channel();
    let blocking = go_blocking(move || {
        runs.send(()).unwrap();
        told.recv().unwrap();
    });
    running.await.unwrap();
    let seen = snapshot();
    let seen = seen.get(blocking.id()).unwrap();
    assert!(seen.is_blocking() && !seen.is_in_place());
    assert_eq!(seen.state(), RoutineState::Running);
    let row = format!("#{} running on a blocking thread ", blocking.id());
    assert!(dump().to_string().contains(&row), "{row}: {}", dump());
    let id = blocking.id();
    go_on.send(()).unwrap();
    blocking.await.unwrap();
    assert!(snapshot().get(id).is_none());

    let scope = Trace::new();
    let listed = || {
        let snapshot = snapshot();
        let mut own = snapshot.routines().filter(|routine| routine.trace().root() == scope.root());
        own.next().map(|routine| (routine.name().to_owned(), routine.is_in_place(), routine.state()))
    };
    {
        let mut in_place = pin!(trace::scope(scope, waits_in_place()));
        assert!(in_place.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(listed(), Some(("waits_in_place".to_owned(), true, RoutineState::Waiting)));
    }
    assert_eq!(listed(), None);
}

#[tokio::test]
async fn a_row_says_name_number_state_age_line_place_and_trace() {
    let notify = Arc::new(Notify::new());
    let told = Arc::clone(&notify);
    let line = line!() + 1;
    let handle = routine!(name = "parks", fields(file = "a.csv"), async move {
        told.notified().await;
    });
    yield_now().await;
    let text = dump().to_string();
    let row = text.lines().find(|row| row.starts_with(&format!("parks #{} waiting ", handle.id()))).expect(&text);
    let (file, waits, trace) = (file!(), line + 1, handle.trace());
    let rest = format!("s at {file}:{waits}, spawned at {file}:{line}, trace {trace}, file=a.csv");
    assert!(row.ends_with(&rest), "{row}\n{rest}");
    notify.notify_one();
    handle.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_routine_that_stays_is_in_every_picture_once_while_others_come_and_go() {
    let scope = Trace::new();
    let over = Arc::new(AtomicBool::new(false));
    let staying: Vec<_> = trace::sync_scope(scope, || {
        (0..100).map(|number: u32| Builder::new().field("number", number).spawn(pending::<()>())).collect()
    });
    let crowd: Vec<_> = (0..2)
        .map(|_| {
            let over = Arc::clone(&over);
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    let come: Vec<_> = (0..50).map(|_| go(yield_now())).collect();
                    for goes in come {
                        goes.await.unwrap();
                    }
                }
            })
        })
        .collect();
    let expected: HashSet<_> = staying.iter().map(routine::Handle::id).collect();
    let mut picture = snapshot();
    for _ in 0..300 {
        picture.refresh();
        let seen: Vec<_> = picture.routines().filter(|routine| routine.trace().root() == scope.root()).collect();
        assert_eq!(seen.len(), expected.len());
        assert_eq!(seen.iter().map(routine::Routine::id).collect::<HashSet<_>>(), expected);
        assert!(seen.iter().all(|routine| routine.fields().count() == 1), "the fields of another");
        yield_now().await;
    }
    over.store(true, Ordering::Relaxed);
    for comers in crowd {
        comers.await.unwrap();
    }
    staying.iter().for_each(routine::Handle::abort);
}

/// How often users' code did all of it.
static LOOKED: AtomicUsize = AtomicUsize::new(0);

/// Everything that takes a lock of the library's: done where one is held it would wait for itself.
fn look_at_everything() {
    let handle = Builder::new().name("looked").field("kind", "all").quiet().spawn(async { Err::<(), _>("an error") });
    assert!(dump().to_string().contains("looked #"));
    assert!(snapshot().get(handle.id()).is_some());
    handle.cancel();
    handle.abort();
    assert!(routine::stats().started > 0);
    assert!(routine::add_after_routine(|_| ()).remove());
    routine::carrier().run(routine::is_cancelled);
    LOOKED.fetch_add(1, Ordering::SeqCst);
}

/// Looks at everything when it is dropped, shown, or asked for its cause.
#[derive(Debug)]
struct Looks;

impl Drop for Looks {
    fn drop(&mut self) {
        look_at_everything();
    }
}

impl std::fmt::Display for Looks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        look_at_everything();
        f.write_str("looks")
    }
}

impl std::error::Error for Looks {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        look_at_everything();
        None
    }
}

#[tokio::test]
async fn whatever_code_of_the_users_runs_no_lock_is_held() {
    capture();
    let scope = Trace::new();
    let held = Looks;
    let hook = routine::add_around_routine(
        move |begin| {
            if begin.trace().root() == scope.root() {
                look_at_everything();
            }
        },
        move |end| {
            if end.trace().root() == scope.root() {
                look_at_everything();
            }
        },
    );
    let looked = |least: usize, what| {
        let looked = LOOKED.swap(0, Ordering::SeqCst);
        assert!(looked >= least, "{what}: {looked}");
    };
    let aborted = trace::sync_scope(scope, || {
        Builder::new().name("aborted").field("shown", Looks).spawn(async move {
            let _held = held;
            pending::<()>().await;
        })
    });
    looked(2, "a field is shown, and dropped");
    yield_now().await;
    looked(1, "a before-hook");
    aborted.abort();
    assert!(aborted.await.is_err());
    looked(2, "a body is dropped, and an after-hook");
    let failed = trace::sync_scope(scope, || go(async { Err::<(), _>(Looks) }));
    drop(failed.await);
    looked(5, "an error is shown, asked for its cause and dropped, between two hooks");
    let panicked = trace::sync_scope(scope, || go(async { std::panic::panic_any(Looks) }));
    assert!(panicked.await.is_err());
    looked(3, "a payload is dropped, between two hooks");
    drop(trace::sync_scope(scope, || go_value(async { Looks })).await);
    looked(3, "a value is dropped, after two hooks");
    assert!(hook.remove());
}
