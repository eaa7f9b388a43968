//! What a shutdown does to what starts routines for others: pools, schedules, supervisors.

use std::thread;
use std::time::Duration;

use routine::{Builder, Pool, cancelled, shutdown};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

const LONG: Duration = Duration::from_mins(1);

type Nothing = std::io::Error;

pub(super) async fn pools() {
    let pool = Pool::builder("jobs").workers(1).queue(8).build().expect("it is a pool");
    let (open, opened) = oneshot::channel::<()>();
    let first = pool.try_submit(async move { opened.await.map_err(|_| "never opened") }).expect("there is room");
    let queued = pool.try_submit(async { Ok::<_, Nothing>(routine::is_cancelled()) }).expect("there is room");
    pool.pause();
    let late = Pool::builder("late").workers(1).build().expect("it is a pool");
    let in_phase = Builder::new().phase(2).spawn_value(async {
        let pool = Pool::builder("writes").workers(1).build().expect("it is a pool");
        let asked = cancelled();
        while !routine::is_shutting_down() {
            yield_now().await;
        }
        println!("a pool of a later phase takes {:?}", pool.try_submit(async { Ok::<_, Nothing>(1) }).is_ok());
        asked.await;
        println!("then it is closed {}", pool.try_submit(async { Ok::<_, Nothing>(1) }).is_err());
    });
    yield_now().await;
    let done = shutdown(LONG);
    println!("closed {}", late.try_submit(async { Ok::<_, Nothing>(1) }).is_err());
    open.send(()).expect("it waits");
    first.await.expect("it was opened");
    println!("drained, asked {}", queued.await.expect("it was taken"));
    in_phase.await.expect("it ends");
    println!("clean {}", done.await.is_clean());
}

/// Schedules begin no more runs, and what waits for its time is cancelled; a run that goes on is waited for.
pub(super) async fn schedules() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let every = routine::schedule::every(Duration::from_millis(20), move || {
        let tell = tell.clone();
        async move {
            let asked = cancelled();
            let _ = tell.send(());
            asked.await;
            println!("the run stops");
        }
    })
    .expect("it is a schedule");
    let far = routine::schedule::cron("0 0 1 1 *", || async { println!("never") }).expect("it is a schedule");
    let (holds, mut held) = mpsc::channel::<()>(1);
    let holder = routine::schedule::every(LONG, move || {
        let holds = holds.clone();
        async move { drop(holds) }
    })
    .expect("it is a schedule");
    let waits = routine::schedule::after(LONG, || async { Ok::<_, Nothing>(()) });
    told.recv().await.expect("it runs");
    let done = shutdown(LONG);
    let error = waits.await.unwrap_err();
    println!("{:?}", error.cancellation_reason());
    let late = routine::schedule::every(LONG, || async {});
    println!("{}", late.unwrap_err());
    let late = routine::schedule::after(Duration::ZERO, || async { Ok::<_, Nothing>(()) });
    println!("rejected {}", late.await.unwrap_err().is_rejected());
    assert!(!far.run_now() || far.stats().runs == 0);
    // What the closure of one holds is let go of.
    assert!(held.recv().await.is_none());
    assert!(holder.is_finished() && far.is_finished());
    let report = done.await;
    assert!(report.took() < LONG / 2);
    println!("clean {}, runs {}", report.is_clean(), every.stats().runs);
}

/// The children of a supervisor stop in their order, as it asks them, and none is restarted.
pub(super) async fn supervisor() {
    use routine::supervise::{ChildSpec, Supervisor};

    let stops = |name: &'static str| {
        ChildSpec::new(name, move || async move {
            cancelled().await;
            yield_now().await;
            println!("{name} stops {:?}", routine::cancellation_reason());
        })
    };
    let supervisor = Supervisor::builder("shop").child(stops("first")).child(stops("second")).child(stops("third"));
    let supervisor = supervisor.build().expect("it is a supervisor").start().await.expect("its children start");
    let report = shutdown(LONG).await;
    println!("clean {}, children {}", report.is_clean(), supervisor.children().len());
}

/// What waits behind a closure that does not stop never runs.
pub(super) async fn blocking_pool() {
    let pool = Pool::builder("files").workers(1).queue(8).build_blocking().expect("it is a pool");
    let (tell, told) = oneshot::channel();
    let runs = pool.try_submit(move || {
        let _ = tell.send(());
        thread::sleep(Duration::from_secs(30));
    });
    told.await.expect("it runs");
    let waits = pool.try_submit(|| println!("it has run")).expect("there is room");
    let report = shutdown(Duration::from_secs(2)).await;
    println!("did not stop {}, left {}", report.did_not_stop(), report.left());
    println!("cancelled {}", waits.await.unwrap_err().is_cancelled());
    drop(runs);
    std::process::exit(0);
}
