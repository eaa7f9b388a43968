//! A value that is set for a scope is seen by all that starts inside, and by nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use routine::prelude::*;
use routine::{Builder, Inherited, go, go_blocking, go_value};
use routine_tests::{capture, records};

static TENANT: Inherited<String> = Inherited::shown("tenant");
static DEPTH: Inherited<u32> = Inherited::new("depth");

#[routine(in_place)]
async fn in_place() -> Option<String> {
    TENANT.get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_starts_inside_sees_it_however_deep() {
    let seen = TENANT.scope("acme".to_owned(), async {
        let deep =
            go_value(async { go_value(async { go_value(async { TENANT.get() }).await.unwrap() }).await.unwrap() });
        let named = Builder::new().name("named").root().spawn_value(async { TENANT.get() });
        let blocking = go_blocking(|| Ok::<_, std::io::Error>(TENANT.get()));
        let carrier = routine::carrier();
        let thread = std::thread::spawn(carrier.wrap(|| TENANT.get()));
        [
            TENANT.get(),
            deep.await.unwrap(),
            named.await.unwrap(),
            blocking.await.unwrap(),
            thread.join().unwrap(),
            in_place().await,
        ]
    });
    assert!(seen.await.iter().all(|seen| seen.as_deref() == Some("acme")));
    assert_eq!(TENANT.get(), None);
}

#[tokio::test]
async fn it_lives_on_in_what_outlives_the_scope() {
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let outlives = TENANT
        .scope("acme".to_owned(), async {
            go_value(async {
                let _ = may_go_on.await;
                TENANT.get()
            })
        })
        .await;
    assert_eq!(TENANT.get(), None);
    go_on.send(()).unwrap();
    assert_eq!(outlives.await.unwrap().as_deref(), Some("acme"));
}

#[tokio::test]
async fn it_never_reaches_a_sibling_or_the_next_task_of_the_thread() {
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let parent = go(async move {
        let with = go(TENANT.scope("acme".to_owned(), async move {
            let _ = may_go_on.await;
            assert_eq!(TENANT.get().as_deref(), Some("acme"));
        }));
        let without = go_value(async { TENANT.get() });
        let bare = tokio::spawn(async { TENANT.get() });
        assert_eq!(without.await.unwrap(), None);
        assert_eq!(bare.await.unwrap(), None);
        assert_eq!(TENANT.get(), None);
        go_on.send(()).unwrap();
        with.await.unwrap();
    });
    parent.await.unwrap();
}

#[tokio::test]
async fn the_innermost_hides_the_others_and_keys_do_not_mix() {
    TENANT
        .scope("outer".to_owned(), async {
            DEPTH
                .scope(1, async {
                    let inner = TENANT.scope("inner".to_owned(), async {
                        DEPTH.sync_scope(2, || (TENANT.get(), DEPTH.get(), TENANT.with(String::len)))
                    });
                    assert_eq!(inner.await, (Some("inner".to_owned()), Some(2), Some(5)));
                    assert_eq!((TENANT.get().as_deref(), DEPTH.get()), (Some("outer"), Some(1)));
                })
                .await;
            assert_eq!(DEPTH.get(), None);
        })
        .await;
}

#[tokio::test]
async fn what_is_to_be_seen_is_in_the_dump_the_snapshot_and_the_record() {
    capture();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let handle = TENANT
        .scope("a\ncme".to_owned(), async {
            DEPTH.scope(7, async { go(async { may_go_on.await.map_err(|_| "left alone") }) }).await
        })
        .await;
    tokio::task::yield_now().await;
    let dump = routine::dump().to_string();
    let row = dump.lines().find(|line| line.contains(&format!("#{} ", handle.id()))).unwrap();
    assert!(row.ends_with(r"tenant=a\ncme"), "{row}");
    let snapshot = routine::snapshot();
    let fields: Vec<_> = snapshot.get(handle.id()).unwrap().fields().collect();
    assert_eq!(fields, [("tenant", r"a\ncme")]);
    drop(go_on);
    let root = handle.trace().root();
    assert!(handle.await.is_err());
    let records = records(root);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].field("routine.fields"), r"tenant=a\ncme");
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("while it is dropped");
    }
}

static COUNTED: Inherited<Counted> = Inherited::new("counted");

#[tokio::test]
async fn it_is_dropped_once_with_the_last_that_has_it_and_a_panic_of_that_goes_no_further() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let last = COUNTED
        .scope(Counted(Arc::clone(&dropped)), async {
            let first = go(async {});
            first.await.unwrap();
            go(async {
                let _ = may_go_on.await;
            })
        })
        .await;
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    go_on.send(()).unwrap();
    last.await.unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_routine_that_starts_its_successor_in_a_scope_for_ever_keeps_one_value() {
    static KEPT: Inherited<Arc<()>> = Inherited::new("kept");
    fn next(left: u32, value: Arc<()>, done: tokio::sync::oneshot::Sender<usize>) {
        KEPT.sync_scope(Arc::clone(&value), || {
            go(async move {
                if left == 0 {
                    let _ = done.send(Arc::strong_count(&value));
                } else {
                    next(left - 1, value, done);
                }
            })
        });
    }
    let value = Arc::new(());
    let (done, is_done) = tokio::sync::oneshot::channel();
    next(10_000, Arc::clone(&value), done);
    assert!(is_done.await.unwrap() <= 4);
}

#[tokio::test]
async fn a_scope_that_is_never_awaited_drops_its_value_and_leaves_nothing() {
    let value = Arc::new(());
    static UNUSED: Inherited<Arc<()>> = Inherited::new("unused");
    drop(UNUSED.scope(Arc::clone(&value), async {}));
    assert_eq!(Arc::strong_count(&value), 1);
}

/// Notes which routine is current when it is dropped.
struct WhoDrops(Arc<std::sync::Mutex<Vec<Option<routine::RoutineId>>>>);

impl Drop for WhoDrops {
    fn drop(&mut self) {
        let who = || routine::current().map(|current| current.id());
        let mut seen = vec![who()];
        if tokio::runtime::Handle::try_current().is_ok() {
            drop(go(async {}));
        }
        seen.push(who());
        self.0.lock().unwrap().extend(seen);
    }
}

static WHO: Inherited<WhoDrops> = Inherited::new("who");

#[tokio::test]
async fn what_is_dropped_with_the_last_routine_sees_that_routine() {
    let seen = Arc::default();
    let last = WHO.scope(WhoDrops(Arc::clone(&seen)), async { go(tokio::task::yield_now()) }).await;
    let id = last.id();
    last.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [Some(id), Some(id)]);
}

/// Asks for the cancellation of whichever routine it is dropped in, which the slot keeps.
struct Asks;

impl Drop for Asks {
    fn drop(&mut self) {
        drop(routine::cancelled());
    }
}

static ASKS: Inherited<Asks> = Inherited::new("asks");

#[tokio::test]
async fn what_a_drop_leaves_in_the_slot_is_not_the_next_owners() {
    for _ in 0..3 {
        let asked = ASKS.scope(Asks, async { go(async { routine::cancelled().await }) }).await;
        tokio::task::yield_now().await;
        asked.cancel();
        asked.await.unwrap();
        let next = go_value(async {
            let asked = routine::cancelled();
            tokio::select! {
                biased;
                () = asked => true,
                () = tokio::task::yield_now() => false,
            }
        });
        assert!(!next.await.unwrap(), "it was told of another's cancellation");
    }
}
