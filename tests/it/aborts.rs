//! What an abort, a cancel, and the end of a runtime do to a routine, in every state that it can be in.

// A body holds what is to be dropped with it by binding it, and does nothing else with it.
#![allow(clippy::no_effect_underscore_binding)]

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use routine::hook::HookHandle;
use routine::{Error, Handle, Outcome, Trace, add_around_routine, go, go_blocking, go_value, is_cancelled, trace};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::yield_now;

/// What a pair of hooks saw of the routines of one trace, and what became of what they held.
struct Watch {
    scope: Trace,
    begun: Arc<AtomicUsize>,
    ended: Arc<Mutex<Vec<Outcome>>>,
    held: Arc<()>,
    hook: HookHandle,
}

impl Watch {
    fn new() -> Self {
        let scope = Trace::new();
        let (begun, ended) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (before, after) = (Arc::clone(&begun), Arc::clone(&ended));
        let hook = add_around_routine(
            move |begin| {
                if begin.trace().root() == scope.root() {
                    before.fetch_add(1, Ordering::SeqCst);
                }
            },
            move |end| {
                if end.trace().root() == scope.root() {
                    after.lock().unwrap().push(end.outcome());
                }
            },
        );
        Self { scope, begun, ended, held: Arc::new(()), hook }
    }

    fn start<T>(&self, start: impl FnOnce(Arc<()>) -> Handle<T>) -> Handle<T> {
        trace::sync_scope(self.scope, || start(Arc::clone(&self.held)))
    }

    /// Each of the routines ended once, in that way, and let go of what it held. None is in the registry.
    #[track_caller]
    fn assert_ended(&self, outcomes: &[Outcome]) {
        assert_eq!(*self.ended.lock().unwrap(), outcomes);
        assert_eq!(self.begun.load(Ordering::SeqCst), outcomes.len());
        assert_eq!(Arc::strong_count(&self.held), 1, "it still holds something");
        let root = self.scope.root();
        assert!(routine::snapshot().routines().all(|routine| routine.trace().root() != root));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.hook.remove();
    }
}

/// A body that says that it runs, and goes on once it is told to, without giving way.
struct Gate {
    runs: oneshot::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

fn gate() -> (Gate, impl FnOnce()) {
    let (running, runs) = oneshot::channel();
    let (go_on, told) = mpsc::channel();
    let wait = move || {
        running.send(()).unwrap();
        told.recv().unwrap();
    };
    (Gate { runs, go_on }, wait)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_while_it_runs_ends_it_at_its_next_await() {
    let watch = Watch::new();
    let (gate, wait) = gate();
    let handle = watch.start(|held| {
        go(async move {
            wait();
            pending::<()>().await;
            drop(held);
        })
    });
    gate.runs.await.unwrap();
    handle.abort();
    assert!(!handle.is_finished());
    gate.go_on.send(()).unwrap();
    assert!(handle.await.unwrap_err().is_cancelled());
    watch.assert_ended(&[Outcome::Cancelled]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_while_it_runs_leaves_it_what_it_returns_without_another_await() {
    let watch = Watch::new();
    let (gate, wait) = gate();
    let handle = watch.start(|held| {
        go_value(async move {
            let _held = held;
            wait();
            7
        })
    });
    gate.runs.await.unwrap();
    handle.abort();
    gate.go_on.send(()).unwrap();
    assert_eq!(handle.await.unwrap(), 7);
    watch.assert_ended(&[Outcome::Completed]);
}

/// A routine that is given its own handle, aborts itself, and goes on with `rest`.
fn aborts_itself(held: Arc<()>, rest: impl Future<Output = ()> + Send + 'static) -> oneshot::Receiver<()> {
    let (give, given) = oneshot::channel::<Handle<()>>();
    let (aborted, is_aborted) = oneshot::channel();
    let own = go(async move {
        let _held = held;
        let own = given.await.unwrap();
        own.abort();
        own.abort();
        aborted.send(()).unwrap();
        rest.await;
    });
    assert!(give.send(own).is_ok());
    is_aborted
}

#[tokio::test]
async fn a_routine_that_aborts_itself_goes_on_to_its_next_await() {
    let watch = Watch::new();
    let waits = trace::sync_scope(watch.scope, || aborts_itself(Arc::clone(&watch.held), pending()));
    waits.await.unwrap();
    yield_now().await;
    watch.assert_ended(&[Outcome::Cancelled]);
    let returns = trace::sync_scope(watch.scope, || aborts_itself(Arc::clone(&watch.held), async {}));
    returns.await.unwrap();
    yield_now().await;
    watch.assert_ended(&[Outcome::Cancelled, Outcome::Completed]);
}

#[tokio::test]
async fn an_abort_in_any_state_and_twice_is_one_ending() {
    let watch = Watch::new();
    let waits = |held| {
        go(async move {
            let _held = held;
            pending::<()>().await;
        })
    };
    let unpolled = watch.start(waits);
    unpolled.abort();
    unpolled.abort();
    assert!(unpolled.await.unwrap_err().is_cancelled());
    let waiting = watch.start(waits);
    yield_now().await;
    waiting.abort();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let ended = watch.start(|held| go(async move { drop(held) }));
    yield_now().await;
    assert!(ended.is_finished());
    ended.abort();
    ended.abort();
    ended.await.unwrap();
    watch.assert_ended(&[Outcome::Cancelled, Outcome::Cancelled, Outcome::Completed]);
}

#[tokio::test]
async fn a_cancel_that_comes_late_asks_nobody_else() {
    let first = go_value(async {});
    while !first.is_finished() {
        yield_now().await;
    }
    // On this one thread it takes the place that the first has left.
    let second = go_value(async {
        yield_now().await;
        is_cancelled()
    });
    first.cancel();
    first.abort();
    assert!(!second.await.unwrap());
}

#[tokio::test]
async fn a_cancel_asks_a_routine_that_did_not_run_yet_and_one_that_is_aborted_after_it() {
    let watch = Watch::new();
    let asked = watch.start(|held| {
        go_value(async move {
            drop(held);
            is_cancelled()
        })
    });
    asked.cancel();
    asked.cancel();
    assert!(asked.await.unwrap());
    let aborted = watch.start(|held| go(async move { drop(held) }));
    aborted.cancel();
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    watch.assert_ended(&[Outcome::Completed, Outcome::Cancelled]);
}

#[test]
fn blocking_work_that_is_aborted_before_it_starts_never_runs() {
    let watch = Watch::new();
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    let (gate, wait) = gate();
    let (first, second) = {
        let _entered = runtime.enter();
        (go_blocking(wait), watch.start(|held| go_blocking(move || drop(held))))
    };
    runtime.block_on(async {
        gate.runs.await.unwrap();
        second.abort();
        // It ends once the pool's thread comes to it.
        gate.go_on.send(()).unwrap();
        first.await.unwrap();
        assert!(second.await.unwrap_err().is_cancelled());
    });
    watch.assert_ended(&[Outcome::Cancelled]);
}

fn runtimes() -> [Runtime; 2] {
    let mut builders = [Builder::new_current_thread(), Builder::new_multi_thread()];
    builders.each_mut().map(|builder| builder.worker_threads(2).enable_all().build().unwrap())
}

/// What handles give that are awaited on a runtime which has nothing to do with that of their routines.
fn elsewhere<T>(handles: impl IntoIterator<Item = Handle<T>>) -> Vec<Result<T, Error>> {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut ended = Vec::new();
        for handle in handles {
            ended.push(tokio::time::timeout(Duration::from_mins(1), handle).await.expect("it has no end"));
        }
        ended
    })
}

/// Starts routines that wait, have ended, and perhaps did not run yet; then the runtime dies.
fn dies(runtime: Runtime, end: impl FnOnce(Runtime)) {
    let watch = Watch::new();
    let (waiting, ended, unpolled) = runtime.block_on(async {
        let waiting = watch.start(|held| {
            go(async move {
                let _held = held;
                pending::<()>().await;
            })
        });
        let mut ended = watch.start(|held| go(async move { drop(held) }));
        (&mut ended).await.unwrap();
        yield_now().await;
        let unpolled = watch.start(|held| {
            go(async move {
                let _held = held;
                pending::<()>().await;
            })
        });
        (waiting, ended, unpolled)
    });
    assert!(ended.is_finished());
    end(runtime);
    let lost = elsewhere([waiting, unpolled]);
    assert!(lost.iter().all(|ended| ended.as_ref().is_err_and(Error::is_cancelled)), "{lost:?}");
    watch.assert_ended(&[Outcome::Completed, Outcome::Cancelled, Outcome::Cancelled]);
}

#[test]
fn a_runtime_that_is_dropped_cancels_what_is_left_on_either_flavour() {
    for runtime in runtimes() {
        dies(runtime, drop);
    }
}

#[test]
fn a_runtime_that_is_shut_down_in_the_background_cancels_what_is_left_on_either_flavour() {
    for runtime in runtimes() {
        dies(runtime, Runtime::shutdown_background);
    }
}

#[test]
fn blocking_work_outlives_a_runtime_that_is_shut_down_in_the_background() {
    for runtime in runtimes() {
        let watch = Watch::new();
        let (gate, wait) = gate();
        let handle = runtime.block_on(async {
            let handle = watch.start(|held| {
                go_blocking(move || {
                    wait();
                    drop(held);
                    Ok::<_, std::io::Error>(7)
                })
            });
            gate.runs.await.unwrap();
            handle
        });
        runtime.shutdown_background();
        gate.go_on.send(()).unwrap();
        assert_eq!(elsewhere([handle]).remove(0).unwrap(), 7);
        watch.assert_ended(&[Outcome::Completed]);
    }
}

#[test]
fn what_is_started_on_a_runtime_that_is_gone_is_cancelled() {
    for runtime in runtimes() {
        let watch = Watch::new();
        let gone = runtime.handle().clone();
        drop(runtime);
        let lost = [
            watch.start(|held| routine::Builder::new().spawn_on(&gone, async move { drop(held) })),
            watch.start(|held| routine::Builder::new().spawn_blocking_on(&gone, || drop(held))),
        ];
        let ended = elsewhere(lost);
        assert!(ended.iter().all(|ended| ended.as_ref().is_err_and(Error::is_cancelled)), "{ended:?}");
        watch.assert_ended(&[Outcome::Cancelled; 2]);
    }
}
