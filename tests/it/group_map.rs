//! A map works on its input side by side, and takes no more of it than it has room for.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

use futures_util::{Stream as _, StreamExt, poll, stream};
use routine::{Outcome, map, map_stream};
use routine_tests::{Drops, capture, records};
use tokio::sync::{Barrier, Notify, oneshot};

#[tokio::test]
async fn results_come_in_the_order_of_the_items_whatever_ends_first() {
    let second_ended = Arc::new(Notify::new());
    let mut results = map([1, 2, 3], 3, |number| {
        let second_ended = Arc::clone(&second_ended);
        async move {
            match number {
                1 => second_ended.notified().await,
                2 => second_ended.notify_one(),
                _ => {}
            }
            Ok::<_, String>(number * 10)
        }
    });
    let mut values = Vec::new();
    while let Some(result) = results.next().await {
        values.push(result.unwrap());
    }
    assert_eq!(values, [10, 20, 30]);
    assert!(results.next().await.is_none(), "it stays over");
}

#[tokio::test]
async fn as_completed_a_slow_item_holds_back_no_other() {
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut may_go_on = Some(may_go_on);
    let mut results = map(0..10, 2, |number| {
        let waits_for = may_go_on.take();
        async move {
            if let Some(waits_for) = waits_for {
                waits_for.await.unwrap();
            }
            Ok::<_, String>(number)
        }
    })
    .as_completed();
    for expected in 1..10 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
    }
    go_on.send(()).unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 0);
    assert!(results.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_run_at_once_as_the_limit_says_and_no_more() {
    let barrier = Arc::new(Barrier::new(4));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let results = map(0..40, 4, |_| {
        let (barrier, running, most) = (Arc::clone(&barrier), Arc::clone(&running), Arc::clone(&most));
        async move {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            barrier.wait().await;
            running.fetch_sub(1, SeqCst);
            Ok::<_, String>(())
        }
    });
    assert_eq!(results.as_completed().count().await, 40);
    assert_eq!(most.load(SeqCst), 4);
}

#[tokio::test]
async fn the_input_is_pulled_only_when_there_is_room() {
    let pulled = AtomicUsize::new(0);
    let items = (0..).inspect(|_| {
        pulled.fetch_add(1, SeqCst);
    });
    let mut results = map(items, 3, |number: usize| async move { Ok::<_, String>(number) });
    assert_eq!(pulled.load(SeqCst), 0, "nothing runs until somebody asks");
    for expected in 0..1_000 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
        assert!(pulled.load(SeqCst) <= expected + 4, "{} of {expected}", pulled.load(SeqCst));
    }
}

#[tokio::test]
async fn a_failure_and_a_panic_are_items_and_end_nothing_else() {
    capture();
    let root = routine::Trace::new();
    let results = routine::trace::scope(root, async {
        let results = map(0..4, 1, |number| async move {
            match number {
                1 => Err("one"),
                2 => panic!("two"),
                number => Ok(number),
            }
        });
        results.collect::<Vec<_>>().await
    })
    .await;
    let outcomes: Vec<_> = results.iter().map(|result| result.as_ref().map_err(routine::Error::outcome)).collect();
    assert_eq!(outcomes, [Ok(&0), Err(Some(Outcome::Failed)), Err(Some(Outcome::Panicked)), Ok(&3)]);
    assert!(records(root.root()).is_empty(), "whoever asked has them");
}

#[tokio::test]
async fn dropped_it_ends_what_is_under_way_and_reports_what_failed_unasked() {
    capture();
    let root = routine::Trace::new();
    let drops = Drops::default();
    routine::trace::scope(root, async {
        let failed = Arc::new(Notify::new());
        let mut results = map(0..3, 3, |number| {
            let (guard, failed) = (drops.guard(), Arc::clone(&failed));
            async move {
                if number == 2 {
                    failed.notify_one();
                    return Err("unasked");
                }
                let _guard = guard;
                pending::<Result<(), _>>().await
            }
        });
        assert!(matches!(poll!(pin!(results.next())), Poll::Pending));
        failed.notified().await;
        tokio::task::yield_now().await;
    })
    .await;
    while drops.count() < 3 {
        tokio::task::yield_now().await;
    }
    let messages: Vec<_> =
        records(root.root()).iter().map(|record| record.field("exception.message").to_owned()).collect();
    assert_eq!(messages, ["unasked"]);
}

#[tokio::test]
async fn an_input_that_waits_holds_back_no_result() {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
    let input = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let mut results = map_stream(input, 4, |number: u8| async move { Ok::<_, String>(number) });
    sender.send(1).await.unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 1);
    assert!(matches!(poll!(pin!(results.next())), Poll::Pending));
    sender.send(2).await.unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 2);
    drop(sender);
    assert!(results.next().await.is_none());
}

#[tokio::test]
async fn what_is_left_is_known() {
    let mut results = map(0..5, 2, |number: u8| async move { Ok::<_, String>(number) });
    assert_eq!(results.size_hint(), (5, Some(5)));
    results.next().await.unwrap().unwrap();
    assert_eq!(results.size_hint(), (4, Some(4)));
}

#[tokio::test]
#[should_panic(expected = "a map with a limit of 0 would never run anything")]
async fn a_limit_of_none_at_all_is_refused() {
    drop(map([1], 0, |number: u8| async move { Ok::<_, String>(number) }));
}

#[tokio::test]
async fn as_completed_late_leaves_what_is_under_way_as_it_is() {
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut may_go_on = Some(may_go_on);
    let mut results = map(0..10, 4, |number| {
        let waits_for = (number == 1).then(|| may_go_on.take().unwrap());
        async move {
            if let Some(waits_for) = waits_for {
                waits_for.await.unwrap();
            }
            Ok::<_, String>(number)
        }
    });
    assert_eq!(results.next().await.unwrap().unwrap(), 0);
    // Some end before it is asked for, and some after.
    tokio::task::yield_now().await;
    let mut results = results.as_completed();
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(results.next().await.unwrap().unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, [2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(matches!(poll!(pin!(results.next())), Poll::Pending));
    go_on.send(()).unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 1);
    assert!(results.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_completed_late_loses_nobody_who_ends_meanwhile() {
    for late in 0..200 {
        let mut results = map(0..20, 8, |number| async move {
            tokio::task::yield_now().await;
            Ok::<_, String>(number)
        });
        let mut seen = Vec::new();
        for _ in 0..late % 20 {
            seen.push(results.next().await.unwrap().unwrap());
        }
        let mut results = results.as_completed();
        while let Some(result) = results.next().await {
            seen.push(result.unwrap());
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn its_routines_are_started_where_the_map_is() {
    let place = || {
        let snapshot = routine::snapshot();
        let place = snapshot.get(routine::current().unwrap().id()).unwrap().spawned_at();
        async move { Ok::<_, String>(place) }
    };
    let line = line!() + 2;
    // Where the map is, and not where it is polled.
    let mut of_an_iterator = map([()], 1, |()| async move { place().await });
    let mut of_a_stream = map_stream(stream::iter([()]), 1, |()| async move { place().await });
    for (line, place) in [(line, of_an_iterator.next().await), (line + 1, of_a_stream.next().await)] {
        let (file, found) = place.unwrap().unwrap();
        assert!(file.ends_with("group_map.rs") && found == line, "{file}:{found}");
    }
}

#[tokio::test]
async fn a_map_over_nothing_calls_nothing() {
    let mut results = map(std::iter::empty::<u8>(), 3, |_| async { unreachable!("there is no item") });
    assert!(results.next().await.is_none());
    assert!(results.next().await.is_none());
}
