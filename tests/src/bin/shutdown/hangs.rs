//! What a shutdown does where others hang, or wait for it.

use std::future::pending;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use routine::supervise::{ChildSpec, Supervisor};
use routine::{Builder, Group, Pool, Runner, cancelled, go, shutdown};
use tokio::sync::oneshot;
use tokio::task::yield_now;

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(400);

/// Hangs for as long as anybody may wait.
fn hang() {
    thread::sleep(LONG);
}

struct Hangs;

impl Drop for Hangs {
    fn drop(&mut self) {
        hang();
    }
}

impl Write for Hangs {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        hang();
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Nobody reads the log, and a signal comes.
pub(super) async fn log() {
    tracing_subscriber::fmt().with_writer(|| Hangs).init();
    go(pending::<()>());
    Runner::new()
        .deadline(SHORT)
        .run(async {
            println!("ready");
            pending::<()>().await;
        })
        .await;
}

/// What waits in a pool hangs when it is dropped.
pub(super) async fn drops() {
    let pool = Pool::builder("jobs").workers(1).queue(8).build().expect("it is a pool");
    let running = pool.try_submit(pending::<()>()).expect("there is room");
    let hangs = Hangs;
    let waits = pool.try_submit(async move { drop(hangs) }).expect("there is room");
    yield_now().await;
    let report = shutdown(SHORT).await;
    println!("took long {}, did not stop {}", report.took() > SHORT * 10, report.did_not_stop());
    std::mem::forget((running, waits, pool));
    std::process::exit(0);
}

/// `main` has something to say about the report.
pub(super) async fn main_asks() {
    let said = Runner::new().deadline(SHORT).run(async {
        println!("ready");
        cancelled().await;
        shutdown(SHORT).await.is_clean()
    });
    println!("clean {}", said.await);
}

#[routine::prelude::routine(in_place)]
async fn in_place() -> u8 {
    Runner::new().deadline(LONG).without_signals().run(async { 7 }).await
}

/// Around a part of a routine.
pub(super) async fn inside() {
    println!("{}", in_place().await);
}

/// Where there is a trace, and no routine.
pub(super) async fn scope() {
    let scope = routine::trace::scope(routine::Trace::new(), async { shutdown(LONG).await });
    println!("clean {}", scope.await.is_clean());
}

/// Members that wait for their turn never have it.
pub(super) async fn queued() {
    let group: Group<()> = Group::<()>::builder().limit(1).build().expect("it is a group");
    group.scope().go_value(pending::<()>());
    let waits = group.scope().go_value(async { println!("it has begun") });
    let blocks = group.scope().go_blocking(|| println!("it has run"));
    yield_now().await;
    let report = shutdown(SHORT * 3).await;
    println!("did not stop {}, left {}", report.did_not_stop(), report.left());
    println!("{} {}", waits.await.unwrap_err().is_cancelled(), blocks.await.unwrap_err().is_cancelled());
}

/// Whoever waits for the shutdown in a pool's job has its report.
pub(super) async fn job() {
    let pool = Pool::builder("jobs").workers(2).build().expect("it is a pool");
    drop(pool.try_submit(pending::<()>()).expect("there is room"));
    let asks = pool.try_submit(async { Ok::<_, io::Error>(shutdown(SHORT * 3).await) }).expect("there is room");
    let report = asks.await.expect("it is not ended");
    println!("did not stop {}, left {}", report.did_not_stop(), report.left());
}

/// A child that does not stop is named, and not its supervisor alone.
pub(super) async fn child() {
    let hangs = ChildSpec::new("hangs", pending::<()>).grace(LONG);
    let supervisor = Supervisor::builder("shop").child(hangs).build().expect("it is a supervisor");
    supervisor.start().await.expect("its child starts");
    let report = shutdown(SHORT * 3).await;
    let mut names: Vec<_> = report.stragglers().iter().map(routine::shutdown::Straggler::name).collect();
    names.sort_unstable();
    println!("{names:?}, left {}", report.left());
}

/// The records come before what may close the log.
pub(super) async fn order() {
    tracing_subscriber::fmt().with_writer(io::stdout).without_time().init();
    routine::at_exit(|| println!("flushed"));
    go(pending::<()>());
    shutdown(SHORT).await;
}

/// A failure that must not be hangs before it comes to the orderly end.
pub(super) async fn hook() {
    routine::set_exit_deadline(SHORT);
    routine::add_after_routine(|_| hang());
    routine::routine!(must_success(graceful = "1h"), async { Err::<(), _>("the port is taken") });
    pending::<()>().await;
}

#[routine::prelude::routine(every = "20ms", must_success(graceful = "2s"), phase = 1)]
async fn fails() -> Result<(), &'static str> {
    Err("the port is taken")
}

/// The failure of a run that must not be ends the process in order.
pub(super) async fn run_of_a_schedule() {
    let (tell, told) = oneshot::channel();
    Builder::new().spawn(async move {
        let asked = cancelled();
        let _ = tell.send(());
        asked.await;
        println!("server stops");
    });
    told.await.expect("it has started");
    drop(fails());
    pending::<()>().await;
}
