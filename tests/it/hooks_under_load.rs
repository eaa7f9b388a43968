//! Hooks that come and go while many routines run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use routine::{Trace, add_around_routine, go, trace};

/// What a pair of hooks counted of the routines of one trace: begun less ended, and how many.
#[derive(Default)]
struct Gauge {
    running: AtomicI64,
    begun: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pair_balances_whatever_ends_the_routines() {
    let scope = Trace::new();
    let root = scope.root();
    let over = Arc::new(AtomicBool::new(false));
    let changing = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut gauges = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let gauge = Arc::new(Gauge::default());
                let (up, down) = (Arc::clone(&gauge), Arc::clone(&gauge));
                let hook = add_around_routine(
                    move |begin| {
                        if begin.trace().root() == root {
                            up.running.fetch_add(1, Ordering::SeqCst);
                            up.begun.fetch_add(1, Ordering::SeqCst);
                        }
                    },
                    move |end| {
                        if end.trace().root() == root {
                            down.running.fetch_sub(1, Ordering::SeqCst);
                        }
                    },
                );
                std::thread::yield_now();
                assert!(hook.remove());
                assert!(!hook.remove());
                gauges.push(gauge);
            }
            gauges
        }
    });
    trace::scope(scope, async {
        for round in 0..200_u32 {
            let handles: Vec<_> = (0..50_u32)
                .map(|number| {
                    let handle = go(async move {
                        tokio::task::yield_now().await;
                        if number % 3 == 0 { Err("on purpose") } else { Ok(()) }
                    });
                    if (number + round) % 2 == 0 {
                        handle.abort();
                    }
                    handle
                })
                .collect();
            for handle in handles {
                let _ = handle.await;
            }
        }
    })
    .await;
    over.store(true, Ordering::Relaxed);
    let gauges = changing.join().unwrap();
    assert!(gauges.iter().any(|gauge| gauge.begun.load(Ordering::SeqCst) > 0), "no routine met a hook");
    for gauge in gauges {
        assert_eq!(gauge.running.load(Ordering::SeqCst), 0);
    }
}
