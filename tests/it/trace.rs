//! Traces go from a routine to what it starts, and nowhere else.

use routine::{Builder, Trace, go, go_value, trace};

#[tokio::test]
async fn a_child_continues_its_parents_trace() {
    let parent = go_value(async { (trace::current().unwrap(), go(async {}).trace()) });
    let given = parent.trace();
    let (own, child) = parent.await.unwrap();
    assert_eq!(own, given);
    assert_eq!(child.root(), own.root());
    assert_eq!(child.parent_segment(), Some(own.segment()));
}

#[tokio::test]
async fn a_trace_never_leaks_to_another_task_on_the_thread() {
    let handle = go(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..100 {
        assert_eq!(trace::current(), None);
        assert!(routine::current().is_none());
        tokio::task::yield_now().await;
    }
    handle.abort();
    let _ = handle.await;
    assert_eq!(trace::current(), None);
}

#[tokio::test]
async fn a_scope_keeps_the_routine_and_sets_the_trace() {
    let inbound = Trace::from_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
    let handle = Builder::new().name("server").spawn_value(async move {
        let outer = routine::current().unwrap();
        let (inner, child) = trace::scope(inbound, async {
            let child = go_value(async { routine::current().unwrap() });
            (routine::current().unwrap(), child.await.unwrap())
        })
        .await;
        assert_eq!(trace::current(), Some(outer.trace()));
        assert_eq!((inner.id(), inner.name()), (outer.id(), "server"));
        assert_eq!(inner.trace(), inbound);
        assert_eq!(child.trace().parent_segment(), Some(inbound.segment()));
        assert_eq!(child.parent(), Some(outer.id()));
        trace::sync_scope(inbound, || assert_eq!(trace::current(), Some(inbound)));
    });
    handle.await.unwrap();
}

#[tokio::test]
async fn a_carrier_takes_the_routine_along_to_a_thread() {
    let handle = go_value(async {
        let here = routine::current().unwrap();
        let carrier = routine::carrier();
        let there = std::thread::spawn(carrier.wrap(|| routine::current().unwrap()));
        let there = there.join().unwrap();
        assert_eq!((there.id(), there.trace()), (here.id(), here.trace()));
    });
    handle.await.unwrap();
    assert!(routine::carrier().run(routine::current).is_none());
}

#[tokio::test]
async fn a_root_begins_a_new_trace_under_the_same_parent() {
    let handle = go_value(async {
        let own = routine::current().unwrap();
        let child = Builder::new().root().spawn_value(async { routine::current().unwrap() }).await.unwrap();
        assert_ne!(child.trace().root(), own.trace().root());
        assert_eq!(child.trace().parent_segment(), None);
        assert_eq!(child.parent(), Some(own.id()));
    });
    handle.await.unwrap();
}

#[tokio::test]
async fn a_blocking_child_has_its_parents_trace() {
    let handle = go_value(async {
        let own = trace::current().unwrap();
        let child = routine::go_blocking(|| routine::ok(trace::current().unwrap())).await.unwrap();
        assert_eq!(child.parent_segment(), Some(own.segment()));
    });
    handle.await.unwrap();
}
