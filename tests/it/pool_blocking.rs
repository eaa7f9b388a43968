//! A blocking pool has threads of its own, and keeps a pool's promises as far as closures can.

use std::cell::RefCell;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use futures_util::poll;
use routine::pool::{Left, SubmitErrorKind};
use routine::{BlockingPool, Error, Pool};
use tokio::sync::oneshot;

fn pool(workers: usize, queue: usize) -> BlockingPool {
    Pool::builder("tested").workers(workers).queue(queue).build_blocking().unwrap()
}

#[test]
fn it_takes_no_thread_of_the_runtimes_own() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let pool = pool(2, 4);
        let (end, ends) = mpsc::channel::<()>();
        let held = pool.submit(move || ends.recv().map_err(|_| "gone")).await.unwrap();
        let name = pool.submit(|| Ok::<_, Error>(std::thread::current().name().map(str::to_owned))).await.unwrap();
        let name = name.await.unwrap().unwrap();
        assert!(name.starts_with("tested-"), "{name}");
        assert_eq!(tokio::task::spawn_blocking(|| 5).await.unwrap(), 5);
        end.send(()).unwrap();
        held.await.unwrap();
    });
}

#[tokio::test]
async fn jobs_are_routines_and_a_panic_costs_no_thread() {
    let pool = pool(1, 4);
    let panicked = pool.submit(|| panics()).await.unwrap();
    assert!(panicked.await.unwrap_err().is_panic());
    let named = pool.submit(|| Ok::<_, Error>(routine::current().unwrap().id())).await.unwrap();
    let id = named.id();
    assert_eq!(named.await.unwrap(), id);
    assert_eq!((pool.stats().panicked, pool.stats().completed), (1, 1));
}

fn panics() -> Result<(), Error> {
    panic!("on a thread")
}

#[tokio::test]
async fn what_runs_sees_that_it_is_aborted_and_what_waits_never_runs() {
    let pool = pool(1, 4);
    let (started, has_started) = oneshot::channel();
    let runs = pool
        .submit(|| {
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
            Ok::<_, Error>("seen")
        })
        .await
        .unwrap();
    has_started.await.unwrap();
    let waits = pool.submit(|| Ok::<_, Error>("ran")).await.unwrap();
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    runs.abort();
    assert_eq!(runs.await.unwrap(), "seen");
}

#[tokio::test]
async fn a_job_may_block_on_a_future_and_start_routines() {
    let pool = pool(1, 4);
    let runtime = tokio::runtime::Handle::current();
    let job = pool.submit(move || {
        let inner = routine::go(async { Ok::<_, Error>(3) });
        runtime.block_on(inner)
    });
    let handle = job.await.unwrap();
    assert_eq!(handle.await.unwrap(), 3);
}

#[tokio::test]
async fn it_is_bounded_and_closes() {
    let pool = pool(1, 0);
    let (end, ends) = mpsc::channel::<()>();
    let held = pool.submit(move || ends.recv().map_err(|_| "gone")).await.unwrap();
    let refused = pool.try_submit(|| Ok::<_, Error>(1)).unwrap_err();
    assert_eq!(refused.kind(), SubmitErrorKind::Full);
    end.send(()).unwrap();
    held.await.unwrap();
    assert_eq!(pool.submit(refused.into_job()).await.unwrap().await.unwrap(), 1);
    pool.close().await;
    assert_eq!(pool.try_submit(|| Ok::<_, Error>(1)).unwrap_err().kind(), SubmitErrorKind::Closed);
}

#[tokio::test]
async fn a_closure_sees_that_its_pool_or_share_ends() {
    let pool = pool(2, 4);
    let share = pool.share("share", 1).unwrap();
    let mut jobs = Vec::new();
    for pool in [&pool, &share] {
        let (started, has_started) = oneshot::channel();
        let job = pool.submit(|| {
            started.send(()).unwrap();
            while !routine::is_cancelled() {
                std::thread::yield_now();
            }
            Ok::<_, Error>("seen")
        });
        jobs.push(job.await.unwrap());
        has_started.await.unwrap();
    }
    let (own, theirs) = (jobs.remove(0), jobs.remove(0));
    drop(share);
    assert_eq!(theirs.await.unwrap(), "seen");
    assert!(!own.is_finished(), "it is none of the share's");
    drop(pool);
    assert_eq!(own.await.unwrap(), "seen");
}

/// Tells when its thread ends.
struct Gone(mpsc::Sender<()>);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

thread_local! {
    static GONE: RefCell<Option<Gone>> = const { RefCell::new(None) };
}

/// Has that many jobs run at once, each on a thread of its own. Each of those tells when it ends.
async fn use_threads(pool: &BlockingPool, threads: usize) -> mpsc::Receiver<()> {
    let (gone, are_gone) = mpsc::channel();
    let all = Arc::new(Barrier::new(threads));
    let mut jobs = Vec::new();
    for _ in 0..threads {
        let (gone, all) = (gone.clone(), Arc::clone(&all));
        let job = pool.submit(move || {
            GONE.set(Some(Gone(gone)));
            all.wait();
        });
        jobs.push(job.await.unwrap());
    }
    for job in jobs {
        job.await.unwrap();
    }
    are_gone
}

/// Waits for threads that end of themselves, and not for ever.
fn assert_gone(are_gone: &mpsc::Receiver<()>, threads: usize) {
    for _ in 0..threads {
        are_gone.recv_timeout(Duration::from_secs(10)).expect("a thread is left");
    }
}

#[tokio::test]
async fn its_threads_end_with_it() {
    let pool = pool(3, 4);
    let are_gone = use_threads(&pool, 3).await;
    assert_eq!(are_gone.try_recv(), Err(mpsc::TryRecvError::Empty), "they wait for more");
    drop(pool);
    assert_gone(&are_gone, 3);
}

#[tokio::test]
async fn a_pool_that_is_closed_lets_its_threads_go() {
    let pool = pool(3, 4);
    let are_gone = use_threads(&pool, 3).await;
    let (end, ends) = mpsc::channel::<()>();
    let last = pool.submit(move || ends.recv().map_err(|_| "gone")).await.unwrap();
    let mut closed = pin!(pool.close());
    assert!(poll!(closed.as_mut()).is_pending());
    end.send(()).unwrap();
    closed.await;
    last.await.unwrap();
    assert_gone(&are_gone, 3);
    assert_eq!(pool.stats().completed, 4);
}

#[tokio::test]
async fn a_pool_that_is_closed_when_its_threads_have_nothing_to_do_lets_them_go() {
    let pool = pool(2, 4);
    let share = pool.share("share", 2).unwrap();
    let are_gone = use_threads(&share, 2).await;
    share.close().await;
    pool.submit(|| ()).await.unwrap().await.unwrap();
    pool.close().await;
    assert_gone(&are_gone, 2);
}

#[tokio::test]
async fn it_grows_and_shrinks() {
    let pool = pool(1, 10);
    use_threads(&pool, 1).await;
    pool.resize(4).unwrap();
    let are_gone = use_threads(&pool, 4).await;
    pool.resize(1).unwrap();
    assert_gone(&are_gone, 3);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut jobs = Vec::new();
    for _ in 0..10 {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        let job = pool.submit(move || {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            std::thread::yield_now();
            running.fetch_sub(1, SeqCst);
        });
        jobs.push(job.await.unwrap());
    }
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!(most.load(SeqCst), 1);
    drop(pool);
    assert_gone(&are_gone, 1);
}

#[tokio::test]
async fn those_who_wait_for_room_go_on_when_it_grows() {
    let pool = pool(1, 0);
    let both = Arc::new(Barrier::new(2));
    let job = || {
        let both = Arc::clone(&both);
        move || _ = both.wait()
    };
    let runs = pool.submit(job()).await.unwrap();
    let mut waits = pin!(pool.submit(job()));
    assert!(poll!(waits.as_mut()).is_pending());
    pool.resize(2).unwrap();
    waits.await.unwrap().await.unwrap();
    runs.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_closes_within_a_time_and_what_runs_is_asked_and_left_running() {
    let pool = pool(1, 4);
    let (started, has_started) = oneshot::channel();
    let runs = pool.submit(|| {
        started.send(()).unwrap();
        while !routine::is_cancelled() {
            std::thread::yield_now();
        }
        Ok::<_, Error>("seen")
    });
    let runs = runs.await.unwrap();
    has_started.await.unwrap();
    let waits = pool.submit(|| Ok::<_, Error>("ran")).await.unwrap();
    let left = pool.close_within(Duration::from_secs(3)).await.unwrap_err();
    assert_eq!((left.running(), left.waiting()), (1, 1));
    assert_eq!(left.left().iter().map(Left::id).collect::<Vec<_>>(), [runs.id(), waits.id()]);
    assert!(waits.await.unwrap_err().is_cancelled());
    assert_eq!(runs.await.unwrap(), "seen");
    pool.close_within(Duration::from_secs(3)).await.unwrap();
}

#[test]
fn it_outlives_the_runtime_that_it_was_built_on() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    let pool = first.block_on(async { pool(1, 4) });
    let before = pool.try_submit(|| Ok::<_, Error>(1)).unwrap();
    drop(first);
    let after = pool.try_submit(|| Ok::<_, Error>(2)).unwrap();
    runtime().block_on(async {
        assert_eq!((before.await.unwrap(), after.await.unwrap()), (1, 2));
        pool.close().await;
    });
    assert_eq!(pool.stats().completed, 2);
}

#[tokio::test]
async fn its_name_may_be_any_text() {
    let pool = Pool::builder("no\0name").workers(1).build_blocking().unwrap();
    let name = pool.submit(|| Ok::<_, Error>(std::thread::current().name().map(str::to_owned))).await.unwrap();
    assert_eq!(name.await.unwrap().unwrap(), "no name-0");
}
