//! What is running can be seen, from spawn to end.

use routine::{Builder, RoutineState, dump, go, snapshot};

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
