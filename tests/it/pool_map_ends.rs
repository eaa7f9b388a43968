//! A map over a pool keeps its promises when it is changed on its way, left early, or the pool is.

use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};

use futures_util::{FutureExt, StreamExt, poll, stream};
use routine::{BlockingPool, Error, Pool, snapshot};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::yield_now;

fn pool(workers: usize) -> Pool {
    Pool::builder("tested").workers(workers).queue(10).build().unwrap()
}

fn threads(workers: usize) -> BlockingPool {
    Pool::builder("threads").workers(workers).queue(10).build_blocking().unwrap()
}

/// A value that cannot be dropped in peace.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        // Two at once would end the process.
        panic!("dropped");
    }
}

#[tokio::test]
async fn as_completed_late_gives_what_has_ended_out_of_its_turn() {
    let pool = pool(6);
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut may_go_on = Some(may_go_on);
    let mut results = pool.map(0..6, |number| {
        let waits_for = (number == 1).then(|| may_go_on.take().unwrap());
        async move {
            if let Some(waits_for) = waits_for {
                waits_for.await.unwrap();
            }
            Ok::<_, Error>(number)
        }
    });
    assert_eq!(results.next().await.unwrap().unwrap(), 0);
    while pool.stats().completed < 5 {
        yield_now().await;
    }
    let mut results = results.as_completed();
    for expected in [2, 3, 4, 5] {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
    }
    assert!(poll!(pin!(results.next())).is_pending());
    go_on.send(()).unwrap();
    assert_eq!(results.next().await.unwrap().unwrap(), 1);
    assert!(results.next().await.is_none());
}

#[tokio::test]
async fn results_that_were_taken_back_and_not_handed_over_may_panic_when_they_are_dropped() {
    let pool = pool(1);
    let mut results = pool.map(0..4, |_| async { Ok::<_, Error>(Bomb) });
    std::mem::forget(results.next().await);
    while pool.stats().completed < 4 {
        yield_now().await;
    }
    std::mem::forget(results.next().await);
    drop(results);
    pool.submit(async {}).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn closures_that_run_see_that_their_map_is_dropped_and_those_that_wait_never_run() {
    let pool = threads(1);
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let (ran, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut results = pool.map(0..10, |_| {
        let (started, ran, seen) = (started.clone(), Arc::clone(&ran), Arc::clone(&seen));
        move || {
            ran.fetch_add(1, SeqCst);
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
            seen.store(true, SeqCst);
        }
    });
    assert!(poll!(pin!(results.next())).is_pending());
    has_started.recv().await.unwrap();
    drop(results);
    pool.close().await;
    assert!(seen.load(SeqCst));
    assert_eq!(ran.load(SeqCst), 1);
    assert_eq!((pool.stats().completed, pool.stats().cancelled), (1, 9));
}

#[tokio::test]
async fn to_drop_a_map_of_closures_asks_no_other_to_stop() {
    let pool = threads(2);
    let (end, ends) = mpsc::channel::<()>();
    let job = pool.submit(move || ends.recv().map(|()| routine::is_cancelled()).map_err(|_| "gone")).await.unwrap();
    let (started, mut has_started) = tokio::sync::mpsc::unbounded_channel();
    let mut results = pool.map([()], |()| {
        let started = started.clone();
        move || {
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
        }
    });
    assert!(poll!(pin!(results.next())).is_pending());
    has_started.recv().await.unwrap();
    drop(results);
    end.send(()).unwrap();
    assert!(!job.await.unwrap());
}

/// What the list of routines says of whoever runs this: the name, where it was started, and whether it blocks.
fn seen_from_outside() -> (String, u32, bool) {
    let (id, snapshot) = (routine::current().unwrap().id(), snapshot());
    let own = snapshot.get(id).unwrap();
    assert!(own.spawned_at().0.ends_with("pool_map_ends.rs"), "{:?}", own.spawned_at());
    (own.name().to_owned(), own.spawned_at().1, own.is_blocking())
}

#[tokio::test]
async fn jobs_of_maps_are_named_after_what_runs_and_started_where_the_map_is() {
    let (tasks, threads) = (pool(1), threads(1));
    let line = line!() + 2;
    let work = |()| async { Ok::<_, Error>(seen_from_outside()) };
    let mut of_tasks = tasks.map([()], work);
    let mut of_threads = threads.map([()], |()| || Ok::<_, Error>(seen_from_outside()));
    let mut of_a_stream = threads.map_stream(stream::iter([()]), |()| || Ok::<_, Error>(seen_from_outside()));
    let (name, place, blocks) = of_tasks.next().await.unwrap().unwrap();
    assert!(!blocks && place == line, "{name} at {place}");
    for (line, seen) in [(line + 1, of_threads.next().await), (line + 2, of_a_stream.next().await)] {
        let (name, place, blocks) = seen.unwrap().unwrap();
        assert!(name.contains("jobs_of_maps_are_named") && blocks && place == line, "{name} at {place}");
    }
}

#[tokio::test]
async fn a_stream_of_closures_maps_on_threads() {
    let pool = threads(2);
    let results = pool.map_stream(stream::iter(0..100), |number| move || Ok::<_, Error>(number * 2));
    let results: Vec<_> = results.map(Result::unwrap).collect().await;
    assert!(results.into_iter().eq((0..100).map(|number| number * 2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_job_runs_before_the_last_item_is_pulled() {
    let pool = pool(4);
    let runs = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let mut waits_for = Some(Arc::clone(&runs));
    // The second item comes once the first one's job runs.
    let items = (0..64).inspect(|number| {
        if *number == 1 {
            let runs = waits_for.take().unwrap();
            drop(runs.1.wait_while(runs.0.lock().unwrap(), |runs| !*runs).unwrap());
        }
    });
    let results = pool.map(items, |_| {
        let runs = Arc::clone(&runs);
        async move {
            *runs.0.lock().unwrap() = true;
            runs.1.notify_all();
        }
    });
    assert_eq!(results.count().await, 64);
}

#[tokio::test]
async fn a_map_takes_as_much_of_its_input_as_suits_the_size_that_the_pool_has() {
    let pool = pool(1);
    let gate = Arc::new(Semaphore::new(0));
    let pulled = Arc::new(AtomicUsize::new(0));
    let items = (0..).inspect({
        let pulled = Arc::clone(&pulled);
        move |_| _ = pulled.fetch_add(1, SeqCst)
    });
    let mut results = pool.map(items, |number: usize| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok::<_, Error>(number)
        }
    });
    pool.resize(2).unwrap();
    assert!(poll!(pin!(results.next())).is_pending());
    assert_eq!(pulled.load(SeqCst), 64, "the size counts when it is first asked");
    pool.resize(4).unwrap();
    gate.add_permits(1_000);
    for expected in 0..100 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
    }
    let ahead = pulled.load(SeqCst) - 100;
    assert!((112..=128).contains(&ahead), "{ahead} ahead of a pool of 4");
    pool.resize(1).unwrap();
    for expected in 100..300 {
        assert_eq!(results.next().await.unwrap().unwrap(), expected);
    }
    let ahead = pulled.load(SeqCst) - 300;
    assert!(ahead <= 32, "{ahead} ahead of a pool of 1");
}

#[tokio::test]
async fn a_map_over_a_huge_pool_pulls_no_more_than_some_thousands_beyond_its_workers() {
    let pool = pool(1_000);
    let pulled = Arc::new(AtomicUsize::new(0));
    let items = (0..).inspect({
        let pulled = Arc::clone(&pulled);
        move |_: &usize| _ = pulled.fetch_add(1, SeqCst)
    });
    let mut results = pool.map(items, |_| pending::<()>());
    assert!(poll!(pin!(results.next())).is_pending());
    assert_eq!(pulled.load(SeqCst), 5_096);
}

#[tokio::test]
async fn results_that_are_there_let_other_tasks_run() {
    let pool = pool(16);
    let mut results = pool.map(0..256, |number| async move { Ok::<_, Error>(number) });
    assert!(poll!(pin!(results.next())).is_pending());
    while pool.stats().completed < 256 {
        yield_now().await;
    }
    let (mut seen, mut pauses) = (Vec::new(), 0);
    while seen.len() < 256 {
        match results.next().now_or_never() {
            Some(result) => seen.push(result.unwrap().unwrap()),
            None => {
                pauses += 1;
                yield_now().await;
            }
        }
    }
    assert!(pauses > 0, "tokio lets nobody take hundreds of results in one turn");
    assert!(seen.into_iter().eq(0..256));
}

#[tokio::test]
async fn a_map_over_nothing_calls_nothing() {
    let pool = pool(1);
    let mut results = pool.map(std::iter::empty::<u8>(), |_| async { unreachable!("there is no item") });
    assert!(results.next().await.is_none());
    assert_eq!(pool.stats().submitted, 0);
}
