//! What a shutdown does to what hangs in pools and groups, and to whoever waits for it.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use routine::{Builder, Group, Inherited, Pool, ShutdownReport, cancelled, go, go_value, shutdown};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

const LONG: Duration = Duration::from_mins(1);
const TIME: Duration = Duration::from_secs(2);

type Nothing = std::io::Error;

fn says(report: &ShutdownReport) {
    println!("did not stop {}, left {}", report.did_not_stop(), report.left());
}

/// Says that it runs, and then never comes to its end.
async fn hangs(begun: oneshot::Sender<()>) -> Result<(), Nothing> {
    let _ = begun.send(());
    pending().await
}

/// What hangs in pools and groups is ended before whoever waits for it, who comes to his own end.
pub(super) async fn drain_first() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let running = tell.clone();
    let pool = Pool::builder("jobs").workers(1).build().expect("it is a pool");
    let hangs = async move {
        let _ = running.send(());
        pending::<Result<(), Nothing>>().await
    };
    let job = pool.try_submit(hangs).expect("there is room");
    let hanging = job.id();
    Builder::new().name("submitter").spawn_value(async move {
        println!("{}", job.await.unwrap_err());
        yield_now().await;
        println!("the submitter ends");
    });
    Builder::new().name("owner").spawn_value(async move {
        let members = routine::group(async |scope| {
            let member = scope.go_value(async move {
                let _ = tell.send(());
                pending::<()>().await;
            });
            member.await
        });
        println!("{}", members.await.unwrap_err());
        yield_now().await;
        println!("the owner ends");
    });
    for _ in 0..2 {
        told.recv().await.expect("they run");
    }
    let report = shutdown(Duration::from_secs(2)).await;
    let names_the_job = report.stragglers().iter().any(|straggler| straggler.id() == hanging);
    println!("did not stop {}, the job among them {names_the_job}, left {}", report.did_not_stop(), report.left());
}

/// A group of whose members some were ended does not say that all went well, nor does a race.
pub(super) async fn cut() {
    let (tell, told) = oneshot::channel();
    let group = go_value(routine::group(async |scope| {
        scope.go(hangs(tell));
        Ok::<_, Nothing>("all went well")
    }));
    let (tell, runs) = oneshot::channel();
    let race = go_value(routine::race([hangs(tell)]));
    told.await.expect("it runs");
    runs.await.expect("it runs");
    says(&shutdown(TIME).await);
    println!("{}", group.await.expect("it comes to its end").unwrap_err());
    println!("{}", race.await.expect("it comes to its end").unwrap_err());
}

/// What was started to clean up is not ended with what was there before.
pub(super) async fn cleans_up() {
    let (tell, told) = oneshot::channel();
    go(async {
        let members = routine::group(async |scope| scope.go(hangs(tell)).await);
        println!("{}", members.await.unwrap_err());
        let mut cleaned = routine::map(0..3, 2, |number| async move {
            yield_now().await;
            Ok::<_, Nothing>(number)
        });
        let mut sum = 0;
        while let Some(number) = cleaned.next().await {
            sum += number.expect("it is not ended");
        }
        println!("cleaned up {sum}");
    });
    told.await.expect("it runs");
    says(&shutdown(TIME).await);
}

/// What cannot be ended is told of once, and takes no time from later phases.
pub(super) async fn left_once() {
    let (tell, told) = oneshot::channel();
    Builder::new().name("sleeps").spawn_blocking(move || {
        let _ = tell.send(());
        thread::sleep(Duration::from_secs(30));
    });
    told.await.expect("it runs");
    for phase in [1, 2, 3] {
        let (tell, told) = oneshot::channel();
        Builder::new().phase(phase).spawn(async {
            let asked = cancelled();
            let _ = tell.send(());
            asked.await;
        });
        told.await.expect("it runs");
    }
    let report = shutdown(LONG / 15).await;
    says(&report);
    println!("named {}", report.stragglers().len());
    // A quarter of the time for the first phase, and next to nothing for the others.
    println!("took half its time {}", report.took() > LONG / 30);
}

/// The items of a map over a pool say why they were ended; a handle of a pool that is long gone says nothing of a shutdown.
pub(super) async fn reasons() {
    let pool = Pool::builder("jobs").workers(1).build().expect("it is a pool");
    let (tell, told) = oneshot::channel();
    let mut tell = Some(tell);
    let consumer = go_value(async move {
        let mut results = pool.map(0..2, |_| {
            let begun = tell.take();
            async move {
                if let Some(begun) = begun {
                    let _ = begun.send(());
                }
                pending::<Result<(), Nothing>>().await
            }
        });
        while let Some(result) = results.next().await {
            println!("{:?}", result.unwrap_err().cancellation_reason());
        }
    });
    let gone = Pool::builder("gone").workers(1).build().expect("it is a pool");
    let lost = gone.try_submit(pending::<Result<(), Nothing>>()).expect("there is room");
    drop(gone);
    told.await.expect("it runs");
    says(&shutdown(TIME).await);
    consumer.await.expect("it comes to its end");
    println!("gone before {:?}", lost.await.unwrap_err().cancellation_reason());
}

#[routine::prelude::routine(in_place)]
async fn fetch(begun: oneshot::Sender<()>) -> Result<(), Nothing> {
    hangs(begun).await
}

/// What runs in place in a member is named beside it.
pub(super) async fn in_place() {
    let (tell, told) = oneshot::channel();
    go_value(routine::group(async |scope| scope.go(fetch(tell)).await));
    told.await.expect("it runs");
    let report = shutdown(TIME).await;
    says(&report);
    println!("{}", report.stragglers().iter().any(|straggler| straggler.name().ends_with("fetch")));
}

/// However many jobs hang, the oldest are named.
pub(super) async fn oldest() {
    let (tell, told) = oneshot::channel();
    Builder::new().name("first").spawn(hangs(tell));
    told.await.expect("it runs");
    let pool = Pool::builder("jobs").workers(100).build().expect("it is a pool");
    let jobs: Vec<_> = (0..100).map(|_| pool.try_submit(pending::<Result<(), Nothing>>())).collect();
    yield_now().await;
    let report = shutdown(TIME).await;
    says(&report);
    let named = report.stragglers();
    println!("{} of {}, {}", named[0].name(), named.len(), named.is_sorted_by_key(routine::shutdown::Straggler::id));
    drop(jobs);
}

/// No time at all is time enough to end jobs and members.
pub(super) async fn no_time() {
    let (tell, told) = oneshot::channel();
    let pool = Pool::builder("jobs").workers(1).build().expect("it is a pool");
    let job = pool.try_submit(hangs(tell)).expect("there is room");
    let (tell, runs) = oneshot::channel();
    let mut group = Group::new();
    group.go(hangs(tell));
    told.await.expect("it runs");
    runs.await.expect("it runs");
    let report = shutdown(Duration::ZERO).await;
    let (job, members) = (job.await, group.join().await);
    println!("took long {}, live {}", report.took() > TIME, routine::stats().live);
    println!("{} {}", job.unwrap_err().is_cancelled(), members.is_err());
}

static HELD: Inherited<Starts> = Inherited::new("held");
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Starts a routine when it is dropped.
struct Starts;

impl Drop for Starts {
    fn drop(&mut self) {
        REFUSED.store(
            routine::try_go(async { Ok::<_, Nothing>(()) }).is_err_and(|error| error.is_rejected()),
            Ordering::SeqCst,
        );
        drop(go(async { println!("it has run") }));
    }
}

/// What a value starts that is dropped with the last routine that inherited it is refused, as what that starts itself.
pub(super) async fn dropped_value() {
    let (tell, told) = oneshot::channel();
    HELD.scope(Starts, async {
        go(async {
            let asked = cancelled();
            let _ = tell.send(());
            asked.await;
        });
    })
    .await;
    told.await.expect("it runs");
    says(&shutdown(TIME).await);
    println!("refused {}", REFUSED.load(Ordering::SeqCst));
}
