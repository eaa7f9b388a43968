//! What a shutdown does to routines.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use routine::{Builder, CancelReason, Restart, Retry, cancelled, go, group, shutdown};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::yield_now;

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(400);

type Nothing = std::io::Error;

/// Says so when it is dropped.
struct Says(&'static str);

impl Drop for Says {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

/// Starts a routine that waits until it is asked to stop.
async fn waits(name: &'static str) {
    let (tell, told) = oneshot::channel();
    Builder::new().name(name).spawn(async move {
        let asked = cancelled();
        let _ = tell.send(());
        asked.await;
        assert!(routine::is_cancelled());
        println!("{name} stops {}", routine::cancellation_reason() == Some(CancelReason::Shutdown));
    });
    told.await.expect("it has started");
}

pub(super) async fn clean() {
    assert!(!routine::is_shutting_down());
    waits("one").await;
    waits("two").await;
    let outside = cancelled();
    let begun = Instant::now();
    let report = shutdown(LONG).await;
    assert!(begun.elapsed() < LONG / 2);
    outside.await;
    assert!(routine::is_cancelled() && routine::is_shutting_down());
    assert!(report.is_clean() && report.is_over() && report.stragglers().is_empty());
    println!("completed {} of {}", report.ended().completed, report.ended().ended());
    println!("live {}", routine::snapshot().len());
}

pub(super) async fn refuses() {
    let before = routine::stats();
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    let ran = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&ran);
    let counts = move || {
        let ran = Arc::clone(&own);
        async move {
            ran.fetch_add(1, Ordering::Relaxed);
        }
    };
    // One that was there before, and that starts others in a later turn.
    let late = counts.clone();
    let (tell, runs) = oneshot::channel();
    let parent = go(async move {
        let _ = tell.send(());
        told.notified().await;
        let refused = go(late());
        let hooks_pair = refused.id();
        let error = refused.await.unwrap_err();
        assert_eq!(error.id(), Some(hooks_pair));
        assert!(error.is_rejected(), "{error}");
        println!("{error}");
        // What is structured goes on.
        let sum = group(async |scope| {
            let two = scope.go(async { Ok::<_, Nothing>(2) });
            two.await.map(|two| two + 1)
        });
        println!("members run {:?}", sum.await.ok());
    });
    runs.await.expect("it has begun");
    let counted = Arc::new(AtomicUsize::new(0));
    let hooks = Arc::clone(&counted);
    routine::add_before_routine(move |_| {
        hooks.fetch_add(1, Ordering::Relaxed);
    });

    let done = shutdown(LONG);
    let refused = go(counts());
    assert!(refused.await.unwrap_err().is_rejected());
    assert!(routine::try_go(counts()).unwrap_err().is_rejected());
    let own = Arc::clone(&ran);
    let blocking = routine::go_blocking(move || {
        own.fetch_add(1, Ordering::Relaxed);
    });
    assert!(blocking.await.unwrap_err().is_rejected());
    let runtime = tokio::runtime::Handle::current();
    assert!(Builder::new().spawn_on(&runtime, counts()).await.unwrap_err().is_rejected());
    let local = tokio::task::LocalSet::new();
    let here = local.run_until(async { Builder::new().spawn_local(counts()).await });
    assert!(here.await.unwrap_err().is_rejected());
    let body = || {
        let counts = counts.clone();
        move || {
            let run = counts();
            async move {
                run.await;
                Ok::<_, Nothing>(())
            }
        }
    };
    let tries = || Builder::new().name("tries");
    assert!(tries().spawn_retry(Retry::new(), body()).await.unwrap_err().is_rejected());
    assert!(tries().try_spawn_retry(Retry::new(), body()).is_err_and(|error| error.is_rejected()));
    assert!(tries().spawn_restart(Restart::permanent(), body()).await.unwrap_err().is_rejected());
    assert!(tries().try_spawn_restart(Restart::permanent(), body()).is_err_and(|error| error.is_rejected()));
    // One that nobody asks.
    drop(go(counts()));
    begun.notify_one();
    parent.await.expect("it was there before");
    let report = done.await;
    let after = routine::stats();
    println!("ran {}, rejected {}", ran.load(Ordering::Relaxed), after.rejected - before.rejected);
    // The parent and the member of its group.
    println!("started {}, ended {}", after.started - before.started, after.ended() - before.ended());
    // That of the member: its parent began before there was one.
    println!("hooks {}", counted.load(Ordering::Relaxed));
    assert_eq!(report.ended().rejected, after.rejected - before.rejected);
}

/// Whoever is not asked yet goes on in every way.
pub(super) async fn goes_on() {
    let (tell, mut told) = mpsc::unbounded_channel();
    Builder::new().name("writer").phase(1).spawn(async move {
        for number in 0_u64.. {
            let child = go(async move { Ok::<_, Nothing>(number) });
            // The child is in the phase of its parent.
            let Ok(number) = child.await else { break };
            tell.send(number).expect("it is read");
            yield_now().await;
        }
        println!("writer stops, asked {}", routine::is_cancelled());
    });
    told.recv().await.expect("it writes");
    let (open, opened) = oneshot::channel();
    go(async move {
        cancelled().await;
        // It is held until the writer has written on.
        opened.await.expect("it is opened");
        println!("handler stops");
    });
    let done = shutdown(LONG);
    for _ in 0..100 {
        told.recv().await.expect("it goes on");
    }
    open.send(()).expect("it waits");
    let written = go(async {});
    assert!(written.await.unwrap_err().is_rejected(), "in phase 0 nothing starts");
    tokio::spawn(async move { while told.recv().await.is_some() {} });
    assert!(done.await.is_clean());
}

pub(super) async fn stragglers() {
    let stop = Arc::new(AtomicBool::new(false));
    let (tell, mut told) = mpsc::channel(4);
    let running = tell.clone();
    Builder::new().name("ignores").spawn(async move {
        let _says = Says("ignores is dropped");
        running.send(()).await.expect("it is read");
        pending::<()>().await;
    });
    let running = tell.clone();
    Builder::new().name("sleeps").spawn_blocking(move || {
        running.blocking_send(()).expect("it is read");
        thread::sleep(Duration::from_secs(30));
    });
    let running = tell.clone();
    let own = Arc::clone(&stop);
    Builder::new().name("spins").spawn(async move {
        running.send(()).await.expect("it is read");
        while !own.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    Builder::new().name("yields").spawn(async move {
        tell.send(()).await.expect("it is read");
        loop {
            yield_now().await;
        }
    });
    for _ in 0..4 {
        told.recv().await.expect("they start");
    }
    let begun = Instant::now();
    let report = shutdown(SHORT * 5).await;
    assert!(begun.elapsed() < SHORT * 25, "{:?}", begun.elapsed());
    for straggler in report.stragglers() {
        assert!(straggler.age() < LONG && straggler.spawned_at().0.ends_with("ends.rs"));
        println!("{} {} {}", straggler.name(), straggler.has_ended(), straggler.is_blocking());
    }
    println!("did not stop {}, left {}", report.did_not_stop(), report.left());
    println!("cancelled {}", report.ended().cancelled);
    println!("{report}");
    stop.store(true, Ordering::Relaxed);
}

pub(super) async fn phases() {
    let asked = |name: &'static str, phase: u8| {
        let (tell, told) = oneshot::channel();
        Builder::new().name(name).phase(phase).spawn(async move {
            // Inherited by what it starts.
            let child = go(async move {
                let asked = cancelled();
                let _ = tell.send(());
                asked.await;
                println!("{name} is asked");
            });
            child.await
        });
        told
    };
    let (tell, told) = oneshot::channel();
    routine::routine!(phase = 3, async move {
        let asked = cancelled();
        let _ = tell.send(());
        asked.await;
        println!("third is asked");
    });
    for started in [told, asked("last", 9), asked("second", 1), asked("first", 0)] {
        started.await.expect("it has started");
    }
    assert!(shutdown(LONG).await.is_clean());
}

/// One that hangs leaves the phases behind it their time.
pub(super) async fn time_of_phases() {
    let (tell, told) = oneshot::channel();
    go(pending::<()>());
    Builder::new().name("flush").phase(3).spawn(async move {
        let asked = cancelled();
        let _ = tell.send(());
        asked.await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        println!("flushed");
    });
    told.await.expect("it has started");
    let report = shutdown(Duration::from_secs(2)).await;
    println!("did not stop {}, left {}", report.did_not_stop(), report.left());
}

pub(super) async fn shield() {
    let (open, opened) = oneshot::channel();
    let (tell, told) = oneshot::channel::<()>();
    let outer = go(async move {
        cancelled().await;
        routine::shield(async move {
            let _ = tell.send(());
            opened.await.expect("it is opened");
            println!("committed");
        })
        .await
    });
    let done = shutdown(LONG);
    told.await.expect("it is not refused");
    outer.abort();
    assert!(outer.await.unwrap_err().is_cancelled());
    open.send(()).expect("it goes on without whoever waited");
    println!("clean {}", done.await.is_clean());
}

pub(super) async fn twice() {
    let held = Arc::new(Notify::new());
    let own = Arc::clone(&held);
    go(async move { own.notified().await });
    let first = shutdown(LONG);
    let second = shutdown(Duration::ZERO);
    held.notify_one();
    let (first, second) = tokio::join!(first, second);
    println!("same {}", first.to_string() == second.to_string() && first.is_clean());
    println!("after {}", shutdown(LONG).await.is_clean());
}

/// Who waits for the shutdown is not waited for, nor who waits for that in place.
pub(super) async fn caller() {
    let calls = go(async {
        let inner = in_place();
        inner.await
    });
    let report = calls.await.expect("it is not ended");
    println!("clean {}", report.is_clean());
    // The same for one that the shutdown would have ended.
    println!("again {}", go(async { Ok::<_, Nothing>(()) }).await.is_err());
}

#[routine::prelude::routine(in_place)]
async fn in_place() -> Result<routine::ShutdownReport, Nothing> {
    go(pending::<()>());
    yield_now().await;
    let report = shutdown(SHORT).await;
    assert_eq!(report.did_not_stop(), 1);
    yield_now().await;
    Ok(shutdown(SHORT).await)
}

/// Many that end in all ways while the process shuts down: each is counted once, and nothing is left.
pub(super) async fn books() {
    let hooks = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let (before, after) = (Arc::clone(&hooks), Arc::clone(&hooks));
    routine::hook::add_around_routine(
        move |_| {
            before.0.fetch_add(1, Ordering::Relaxed);
        },
        move |_| {
            after.1.fetch_add(1, Ordering::Relaxed);
        },
    );
    let earlier = routine::stats();
    let starts = Arc::new(AtomicUsize::new(0));
    // Plain tasks that start routines until they are refused.
    let starters: Vec<_> = (0..8_u64)
        .map(|seed| {
            let starts = Arc::clone(&starts);
            tokio::spawn(async move {
                for number in seed.. {
                    starts.fetch_add(1, Ordering::Relaxed);
                    let handle = go(async move {
                        match number % 5 {
                            0 => yield_now().await,
                            1 => return Err("it fails"),
                            2 => pending().await,
                            3 => cancelled().await,
                            _ => {
                                let _ = go(yield_now()).await;
                            }
                        }
                        Ok(())
                    });
                    let over = number % 35 == 0 && handle.await.is_err_and(|error| error.is_rejected());
                    if over || routine::is_shutting_down() && number % 3 == 0 {
                        break;
                    }
                    yield_now().await;
                }
            })
        })
        .collect();
    // And what starts by itself: runs that panic, attempts in their back-off, loops that are run again.
    let schedule = routine::schedule::every(Duration::from_millis(1), || async { panic!("a run") });
    for _ in 0..100 {
        Builder::new().spawn_retry(routine::Retry::new(), || async { Err::<(), _>("an attempt") });
        let often = routine::Restart::permanent().budget(u32::MAX, LONG).expect("it is a budget");
        let often = often.backoff(routine::Backoff::constant(Duration::from_millis(50)));
        Builder::new().spawn_restart(often, || async { Err::<(), _>("a run") });
    }
    while starts.load(Ordering::Relaxed) < 20_000 {
        yield_now().await;
    }
    let report = shutdown(SHORT).await;
    for starter in starters {
        starter.abort();
        let _ = starter.await;
    }
    assert!(schedule.expect("it is a schedule").is_finished());
    // What was refused after the report is still to come to its end.
    while !routine::snapshot().is_empty() || routine::stats().live > 0 {
        yield_now().await;
    }
    let now = routine::stats();
    assert_eq!(now.started, now.ended(), "{now:?}");
    assert!(report.ended().completed > 0 && report.ended().rejected > 0, "{:?}", report.ended());
    let started = now.started - earlier.started;
    let (before, after) = (hooks.0.load(Ordering::Relaxed), hooks.1.load(Ordering::Relaxed));
    assert_eq!(before, after);
    println!("balanced {}", before as u64 == started);
}

/// However many do not stop, the report names some.
pub(super) async fn bounded() {
    for _ in 0..1_000 {
        go(pending::<()>());
    }
    yield_now().await;
    let report = shutdown(SHORT).await;
    println!("named {} of {}, left {}", report.stragglers().len(), report.did_not_stop(), report.left());
    println!("{}", report.to_string().ends_with("; and 936 more"));
}

/// The longest and the shortest deadlines.
pub(super) async fn no_deadline() {
    waits("one").await;
    println!("clean {}", shutdown(Duration::MAX).await.is_clean());
}
