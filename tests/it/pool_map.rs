//! A map over a pool works on its input with all workers, in order or not, and takes no more of it than it has room for.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures_util::{StreamExt, poll, stream};
use routine::{Error, Outcome, Pool};
use routine_tests::{Drops, capture, records};
use tokio::sync::{Barrier, Notify, oneshot};
use tokio::task::yield_now;

fn pool(workers: usize) -> Pool {
    Pool::builder("tested").workers(workers).queue(10).build().unwrap()
}

#[tokio::test]
async fn results_come_in_the_order_of_the_items_whatever_ends_first() {
    let pool = pool(3);
    let second_ended = Arc::new(Notify::new());
    let results = pool.map(1..=3, |number| {
        let second_ended = Arc::clone(&second_ended);
        async move {
            match number {
                1 => second_ended.notified().await,
                2 => second_ended.notify_one(),
                _ => {}
            }
            Ok::<_, Error>(number * 10)
        }
    });
    assert_eq!(results.map(Result::unwrap).collect::<Vec<_>>().await, [10, 20, 30]);
}

#[tokio::test]
async fn thousands_of_items_go_round_in_order_and_each_once() {
    let pool = pool(4);
    let mut results = pool.map(0..10_000_usize, |number| async move {
        if number % 3 == 0 {
            yield_now().await;
        }
        Ok::<_, Error>(number)
    });
    for expected in 0..10_000 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
    }
    assert!(results.next().await.is_none());
    assert!(results.next().await.is_none(), "it stays over");
    assert_eq!(pool.stats().completed, 10_000);
}

#[tokio::test]
async fn as_completed_a_slow_item_holds_back_no_other() {
    let pool = pool(2);
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut may_go_on = Some(may_go_on);
    let mut results = pool
        .map(0..200, |number| {
            let waits_for = may_go_on.take();
            async move {
                if let Some(waits_for) = waits_for {
                    waits_for.await.unwrap();
                }
                Ok::<_, Error>(number)
            }
        })
        .as_completed();
    for expected in 1..200 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
    }
    go_on.send(()).unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 0);
    assert!(results.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_run_at_once_as_there_are_workers_and_no_more() {
    let pool = pool(4);
    let barrier = Arc::new(Barrier::new(4));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let results = pool.map(0..40, |_| {
        let (barrier, running, most) = (Arc::clone(&barrier), Arc::clone(&running), Arc::clone(&most));
        async move {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            barrier.wait().await;
            running.fetch_sub(1, SeqCst);
        }
    });
    assert_eq!(results.count().await, 40);
    assert_eq!(most.load(SeqCst), 4);
}

#[tokio::test]
async fn the_input_is_pulled_only_when_there_is_room() {
    let pool = pool(2);
    let pulled = AtomicUsize::new(0);
    let items = (0..).inspect(|_| {
        pulled.fetch_add(1, SeqCst);
    });
    let mut results = pool.map(items, |number: usize| async move { Ok::<_, Error>(number) });
    assert_eq!(pulled.load(SeqCst), 0, "nothing runs until somebody asks");
    for expected in 0..1_000 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
        assert!(pulled.load(SeqCst) <= expected + 65, "{} of {expected}", pulled.load(SeqCst));
    }
}

#[tokio::test]
async fn failures_and_panics_are_items_and_cost_no_worker() {
    capture();
    let pool = pool(1);
    let root = routine::Trace::new();
    let results = routine::trace::scope(root, async {
        let results = pool.map(0..4, |number| async move {
            match number {
                1 => Err("one"),
                2 => panic!("two"),
                number => Ok(number),
            }
        });
        results.collect::<Vec<_>>().await
    })
    .await;
    let outcomes: Vec<_> = results.iter().map(|result| result.as_ref().map_err(Error::outcome)).collect();
    assert_eq!(outcomes, [Ok(&0), Err(Some(Outcome::Failed)), Err(Some(Outcome::Panicked)), Ok(&3)]);
    assert!(records(root.root()).is_empty(), "whoever asked has them");
    let stats = pool.stats();
    assert_eq!((stats.submitted, stats.completed, stats.failed, stats.panicked), (4, 2, 1, 1));
}

#[tokio::test]
async fn dropped_it_ends_what_is_under_way_and_the_pool_goes_on() {
    let pool = pool(2);
    let drops = Drops::default();
    let mut results = pool.map(0.., |_: usize| {
        let guard = drops.guard();
        async move {
            let _guard = guard;
            pending::<()>().await;
        }
    });
    assert!(poll!(pin!(results.next())).is_pending());
    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!((pool.stats().running, pool.stats().waiting), (2, 62));
    drop(results);
    assert_eq!(drops.count(), 62, "what waited went at once");
    pool.submit(async {}).await.unwrap().await.unwrap();
    assert_eq!(drops.count(), 64);
    let stats = pool.stats();
    assert_eq!((stats.submitted, stats.cancelled, stats.completed), (65, 64, 1));
}

#[tokio::test]
async fn it_takes_no_room_from_those_who_submit() {
    let pool = pool(1);
    let mut results = pool.map(0.., |_: usize| pending::<()>());
    assert!(poll!(pin!(results.next())).is_pending());
    for _ in 0..11 {
        pool.try_submit(async {}).unwrap();
    }
    assert!(pool.try_submit(async {}).is_err());
    drop(results);
    pool.close().await;
    assert_eq!(pool.stats().completed, 11);
}

#[tokio::test]
async fn a_pool_that_closes_is_an_error_and_the_end() {
    let pool = pool(1);
    let mut results = pool.map(0.., |number: usize| async move { Ok::<_, Error>(number) });
    assert_eq!(results.next().await.unwrap().unwrap(), 0);
    pool.close().await;
    let mut seen = 0;
    let refused = loop {
        match results.next().await.unwrap() {
            Ok(_) => seen += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(seen, 31, "what was under way ended");
    assert!(refused.is_rejected());
    assert_eq!(
        refused.to_string(),
        "routine `a map over a pool` was refused: the pool is closed: map in one that is open"
    );
    assert!(results.next().await.is_none());
}

#[tokio::test]
async fn a_job_that_maps_over_its_own_pool_gets_an_error_and_no_deadlock() {
    let pool = pool(1);
    let inner = pool.clone();
    let job = pool.submit(async move {
        let mut results = inner.map(0..3, |number| async move { Ok::<_, Error>(number) });
        results.next().await.unwrap().map(drop)
    });
    let refused = job.await.unwrap().await.unwrap_err();
    assert!(refused.to_string().contains("map in another pool"), "{refused}");
}

#[tokio::test]
async fn a_share_maps_within_its_limit() {
    let pool = pool(4);
    let share = pool.share("share", 2).unwrap();
    let running = Arc::new(AtomicUsize::new(0));
    let results = share.map(0..100, |_| {
        let running = Arc::clone(&running);
        async move {
            assert!(running.fetch_add(1, SeqCst) < 2);
            yield_now().await;
            running.fetch_sub(1, SeqCst);
        }
    });
    assert_eq!(results.filter(|result| std::future::ready(result.is_ok())).count().await, 100);
}

#[tokio::test]
async fn an_input_that_waits_holds_back_no_result() {
    let pool = pool(2);
    let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
    let input = stream::poll_fn(move |cx| receiver.poll_recv(cx));
    let mut results = pool.map_stream(input, |number: u8| async move { Ok::<_, Error>(number) });
    sender.send(1).await.unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 1);
    assert!(poll!(pin!(results.next())).is_pending());
    sender.send(2).await.unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 2);
    drop(sender);
    assert!(results.next().await.is_none());
}

#[tokio::test]
async fn closures_map_on_threads() {
    let pool = Pool::builder("threads").workers(2).build_blocking().unwrap();
    let results = pool.map(0..100, |number| move || Ok::<_, Error>((number, std::thread::current().id())));
    let results: Vec<_> = results.map(Result::unwrap).collect().await;
    assert!(results.iter().map(|(number, _)| *number).eq(0..100));
    assert!(results.iter().all(|(_, thread)| *thread != std::thread::current().id()));
}

#[tokio::test]
async fn results_nobody_asks_for_may_panic_when_they_are_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            // Two at once would end the process.
            panic!("dropped");
        }
    }
    let pool = pool(1);
    let mut results = pool.map(0.., |number: usize| async move {
        if number == 0 {
            pending::<()>().await;
        }
        Ok::<_, Error>(Bomb)
    });
    assert!(poll!(pin!(results.next())).is_pending());
    pool.resize(2).unwrap();
    for _ in 0..50 {
        yield_now().await;
    }
    assert!(pool.stats().completed >= 2);
    drop(results);
    pool.submit(async {}).await.unwrap().await.unwrap();
}
