//! A parked routine shows the line of the `.await` that it waits at, or of the macro call that it waits in.

use std::future::Future;
use std::sync::Arc;

use routine::prelude::*;
use routine::{Handle, routine};
use tokio::sync::Notify;

/// Gives way to the test, so that it sees every place of a body one after the other.
async fn turn() -> u8 {
    tokio::task::yield_now().await;
    1
}

/// The lines that a routine waits at, one poll after the other, counted from `base`.
async fn lines<T>(handle: Handle<T>, base: u32) -> Vec<i64> {
    let mut lines = Vec::new();
    loop {
        tokio::task::yield_now().await;
        let snapshot = routine::snapshot();
        let Some(seen) = snapshot.get(handle.id()) else { break };
        let (file, line) = seen.waits_at().expect("a line");
        assert_eq!(file, file!());
        lines.push(i64::from(line) - i64::from(base));
    }
    handle.await.map(drop).expect("it ends well");
    lines
}

#[routine]
async fn attributed(base: u8) -> u8 {
    let first = turn().await;
    let second = first + turn().await;
    base + first + second
}

#[tokio::test]
async fn each_await_shows_its_own_line() {
    let base = line!();
    let handle = routine! {
        turn().await;
        turn()
            .await;
        for _ in 0..2 {
            turn().await;
        }
        if turn().await == 1 { turn().await; }
        match turn().await {
            1 => turn().await,
            _ => 0,
        };
    };
    assert_eq!(lines(handle, base).await, [2, 4, 6, 6, 8, 8, 9, 10]);
    assert_eq!(lines(attributed(1), line!()).await.len(), 2);
}

#[tokio::test]
async fn a_macro_that_waits_shows_its_own_line_and_never_an_earlier_one() {
    let base = line!();
    let handle = routine! {
        turn().await;
        tokio::select! {
            _ = turn() => {}
        }
        turn().await;
        let (a, b) = tokio::join!(turn(), async { turn().await });
        let c = turn().await
            + tokio::join!(turn()).0;
        match turn().await {
            1 => tokio::select! { n = turn() => n },
            _ => 0,
        };
        println!("{}", turn().await);
        a + b + c
    };
    assert_eq!(lines(handle, base).await, [2, 3, 6, 7, 8, 9, 10, 11, 14]);
}

#[tokio::test]
async fn a_condition_that_waits_shows_its_line_each_time() {
    let base = line!();
    let handle = routine! {
        let mut n = 0;
        while tokio::join!(turn()).0 == 1 && n < 2 {
            n += 1;
            turn().await;
        }
    };
    assert_eq!(lines(handle, base).await, [3, 5, 3, 5, 3]);
}

#[tokio::test]
async fn what_is_nested_shows_the_line_of_the_await_around_it() {
    let base = line!();
    let handle = routine! {
        async {
            turn().await
        }
        .await;
        let nested = async || turn().await;
        nested().await;
    };
    assert_eq!(lines(handle, base).await, [5, 7]);
}

#[tokio::test]
async fn labels_can_be_turned_off() {
    let handle = routine!(awaits = false, async {
        turn().await;
    });
    tokio::task::yield_now().await;
    assert_eq!(routine::snapshot().get(handle.id()).unwrap().waits_at(), None);
    handle.await.unwrap();
}

#[routine(in_place)]
async fn in_place(go: &Notify) {
    go.notified().await;
}

#[tokio::test]
async fn a_routine_in_place_shows_its_own_line() {
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let handle = routine! {
        in_place(&waits).await;
    };
    tokio::task::yield_now().await;
    let snapshot = routine::snapshot();
    let inner = snapshot.routines().find(|routine| routine.parent() == Some(handle.id())).expect("it is listed");
    assert_eq!(inner.name(), "in_place");
    let (outer, inner) = (snapshot.get(handle.id()).unwrap().waits_at(), inner.waits_at());
    assert!(outer.unwrap().1 > inner.unwrap().1, "{outer:?} {inner:?}");
    go.notify_one();
    handle.await.unwrap();
}

#[tokio::test]
async fn a_label_adds_no_byte_to_the_future() {
    async fn bytes<F: Future>(future: F) -> usize {
        size_of_val(&future)
    }
    let labelled = || async {
        use routine::__private::keep as at;
        let text = String::from("kept");
        at(turn(), line!()).await;
        at(tokio::task::yield_now(), line!()).await;
        text
    };
    let bare = || async {
        let text = String::from("kept");
        turn().await;
        tokio::task::yield_now().await;
        text
    };
    assert_eq!(bytes(labelled()).await, bytes(bare()).await);
}
