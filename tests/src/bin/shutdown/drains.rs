//! What a shutdown does to what hangs in pools and groups, and to whoever waits for it.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use routine::{Builder, Group, Inherited, Pool, ShutdownReport, cancelled, go, go_value, shutdown};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

const LONG: Duration = Duration::from_mins(1);
const TIME: Duration = Duration::from_secs(3);

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
    let (tell, begins) = oneshot::channel();
    let mut joined = Group::new();
    joined.go_value(async {});
    drop(joined.scope().go(hangs(tell)));
    let joined = go_value(joined.join());
    told.await.expect("it runs");
    runs.await.expect("it runs");
    begins.await.expect("it runs");
    says(&shutdown(TIME).await);
    println!("{}", group.await.expect("it comes to its end").unwrap_err());
    println!("{}", race.await.expect("it comes to its end").unwrap_err());
    println!("{}", joined.await.expect("it comes to its end").unwrap_err());
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
    let (tell, mut asked) = mpsc::unbounded_channel();
    for phase in [1, 2, 3] {
        let (start, runs) = oneshot::channel();
        let tell = tell.clone();
        Builder::new().phase(phase).spawn(async move {
            let asked = cancelled();
            let _ = start.send(());
            asked.await;
            let _ = tell.send(Instant::now());
        });
        runs.await.expect("it runs");
    }
    drop(tell);
    let begun = Instant::now();
    let done = shutdown(LONG / 15);
    let mut last = begun;
    while let Some(at) = asked.recv().await {
        last = at;
    }
    // A quarter of the time for the first phase, and next to nothing for the others.
    println!("took half the time {}", last - begun > LONG / 30);
    let report = done.await;
    says(&report);
    println!("named {}", report.stragglers().len());
}

/// What is left of an early phase has all the time that no phase needs, as `main` has, before the callbacks run.
pub(super) async fn late_ends() {
    routine::at_exit(|| println!("flushed"));
    let (tell, told) = oneshot::channel();
    let (open, opened) = std::sync::mpsc::channel::<()>();
    Builder::new().name("writes").spawn_blocking(move || {
        let _ = tell.send(());
        let _ = opened.recv();
        println!("the blocking work ends");
    });
    told.await.expect("it runs");
    let (tell, told) = oneshot::channel();
    let writer = Builder::new().phase(1).spawn(async {
        let asked = cancelled();
        let _ = tell.send(());
        asked.await;
    });
    told.await.expect("it runs");
    let asks = go_value(async { shutdown(TIME).await });
    let main = routine::Runner::new().without_signals().run(async {
        writer.await.expect("it comes to its end");
        // Both phases are over, and the callbacks would run if nobody waited.
        tokio::time::sleep(Duration::from_millis(200)).await;
        open.send(()).expect("it waits");
        tokio::time::sleep(Duration::from_millis(200)).await;
        println!("main ends");
    });
    main.await;
    says(&asks.await.expect("it is not ended"));
}

/// A routine of a later phase ends before that was asked to stop, with the last of a value that starts another.
pub(super) async fn dropped_later() {
    let (open, opened) = oneshot::channel();
    *OPENS.lock().expect("nobody panicked") = Some(open);
    let (tell, told) = oneshot::channel();
    LATER
        .scope(StartsAnother, async {
            Builder::new().phase(1).spawn_value(async {
                let _ = tell.send(());
                while !routine::is_shutting_down() {
                    yield_now().await;
                }
            });
        })
        .await;
    go_value(async { opened.await.is_ok() });
    told.await.expect("it runs");
    says(&shutdown(TIME).await);
}

static LATER: Inherited<StartsAnother> = Inherited::new("later");
static OPENS: Mutex<Option<oneshot::Sender<()>>> = Mutex::new(None);

struct StartsAnother;

impl Drop for StartsAnother {
    fn drop(&mut self) {
        let open = OPENS.lock().expect("nobody panicked").take();
        drop(go(async move {
            open.expect("there is one").send(()).expect("it waits");
            println!("it has run");
        }));
    }
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
        // The first asks by itself; it is the other that was not refused.
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
