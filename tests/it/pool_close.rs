//! The end of a pool has one meaning for all who ask for it, and wakers of others cannot spoil it.

use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures_util::poll;
use routine::pool::SubmitErrorKind;
use routine::{Error, Pool};
use tokio::sync::oneshot;
use tokio::task::yield_now;

fn pool(workers: usize, queue: usize) -> Pool {
    Pool::builder("tested").workers(workers).queue(queue).build().unwrap()
}

/// Holds whoever wakes it.
struct Holds {
    reached: Barrier,
    goes_on: Barrier,
}

impl Wake for Holds {
    fn wake(self: Arc<Self>) {
        self.reached.wait();
        self.goes_on.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_within_is_content_where_nothing_runs_or_waits_any_more() {
    let pool = pool(1, 4);
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let mut job = pool.try_submit(async { may_go_on.await.unwrap() }).unwrap();
    let holds = Arc::new(Holds { reached: Barrier::new(2), goes_on: Barrier::new(2) });
    let waker = Waker::from(Arc::clone(&holds));
    assert!(Pin::new(&mut job).poll(&mut Context::from_waker(&waker)).is_pending());
    go_on.send(()).unwrap();
    holds.reached.wait();
    // Its end is being told, and that is all that is left of it.
    let closed = pool.close_within(Duration::ZERO).await;
    holds.goes_on.wait();
    closed.unwrap();
    job.await.unwrap();
}

/// Panics when it is woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

#[tokio::test]
async fn a_waker_that_panics_costs_neither_a_worker_nor_a_job() {
    let pool = pool(1, 1);
    let waker = Waker::from(Arc::new(Panics));
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let runs = pool.try_submit(async { may_go_on.await.unwrap() }).unwrap();
    let next = pool.try_submit(async { Ok::<_, Error>(2) }).unwrap();
    let mut wants_room = pin!(pool.submit(pending::<()>()));
    assert!(wants_room.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut closes = pin!(pool.close());
    yield_now().await;
    go_on.send(()).unwrap();
    runs.await.unwrap();
    assert_eq!(next.await.unwrap(), 2);
    let last = wants_room.await.unwrap();
    assert!(closes.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    last.abort();
    closes.await;
    assert_eq!((pool.stats().completed, pool.stats().cancelled), (2, 1));
}

#[tokio::test]
async fn a_closed_pool_says_so_whatever_key_is_in_flight() {
    let pool = pool(1, 4);
    let job = pool.submit_unique("key", pending::<()>()).await.unwrap();
    assert_eq!(pool.submit_unique("key", async {}).await.unwrap_err().kind(), SubmitErrorKind::InFlight);
    let mut closes = pin!(pool.close());
    assert!(poll!(closes.as_mut()).is_pending());
    let refused = pool.submit_unique("key", async {}).await.unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Closed);
    job.abort();
    closes.await;
}

#[tokio::test]
async fn every_refusal_names_what_to_do() {
    let pool = pool(1, 0);
    let job = pool.submit_unique("key", pending::<()>()).await.unwrap();
    let full = pool.try_submit(async {}).unwrap_err();
    let in_flight = pool.submit_unique("key", async {}).await.unwrap_err();
    job.abort();
    pool.close().await;
    let closed = pool.try_submit(async {}).unwrap_err();
    let of_a_map = pool.map([()], |()| async {}).next().await.unwrap().unwrap_err();
    for refused in [full.to_string(), in_flight.to_string(), closed.to_string(), of_a_map.to_string()] {
        let (_, fix) = refused.rsplit_once(": ").expect("a fix");
        assert!(fix.contains("drop") || fix.contains("open"), "{refused}");
    }
}

#[tokio::test]
async fn a_share_of_a_paused_pool_that_is_closed_waits_for_that_pool() {
    let pool = pool(1, 4);
    let share = pool.share("share", 1).unwrap();
    pool.pause();
    let job = share.try_submit(async { Ok::<_, Error>(1) }).unwrap();
    let mut closes = pin!(share.close());
    for _ in 0..10 {
        assert!(poll!(closes.as_mut()).is_pending());
        yield_now().await;
    }
    pool.resume();
    closes.await;
    assert_eq!(job.await.unwrap(), 1);
}
