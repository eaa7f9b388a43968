//! Endings with an exit that returns. What a real exit does is shown by the fixture processes of `tests/it/exit.rs`.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{at_exit, begin, set_exit, set_exit_deadline};

static EXITS: Mutex<usize> = Mutex::new(0);
static EXITED: Condvar = Condvar::new();

/// The process-wide settings, for one test at a time; put back when this is dropped.
struct Alone(#[allow(dead_code)] MutexGuard<'static, ()>);

fn alone() -> Alone {
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    *EXITS.lock().unwrap() = 0;
    set_exit_deadline(Duration::from_secs(60));
    set_exit(Some(|code| {
        assert_eq!(code, 1);
        note_exit();
    }));
    Alone(one)
}

impl Drop for Alone {
    fn drop(&mut self) {
        set_exit(None);
        set_exit_deadline(Duration::from_secs(5));
    }
}

fn exits() -> usize {
    *EXITS.lock().unwrap()
}

fn note_exit() {
    *EXITS.lock().unwrap() += 1;
    EXITED.notify_all();
}

/// Waits for the first exit, by whichever thread.
fn wait_for_exit() {
    let exits = EXITS.lock().unwrap();
    let waited = EXITED.wait_timeout_while(exits, Duration::from_secs(20), |exits| *exits == 0).unwrap();
    assert!(!waited.1.timed_out(), "nobody exits");
}

fn fail() {
    begin(None).finish(|| (), || (), String::new);
}

#[test]
fn record_then_hooks_then_callbacks_newest_first_then_the_exit() {
    let _alone = alone();
    let (sender, called) = mpsc::channel();
    for name in ["oldest", "newest"] {
        let sender = sender.clone();
        at_exit(move || sender.send((name, exits())).unwrap());
    }
    let steps = RefCell::new(Vec::new());
    let step = |name| steps.borrow_mut().push(name);
    begin(None).finish(
        || step("report"),
        || step("hooks"),
        || {
            step("copy");
            String::new()
        },
    );
    assert_eq!(*steps.borrow(), ["copy", "report", "hooks"]);
    assert_eq!(called.try_iter().collect::<Vec<_>>(), [("newest", 0), ("oldest", 0)]);
    assert_eq!(exits(), 1);
}

#[test]
fn after_an_exit_that_returned_the_next_failure_exits_again_and_callbacks_run_once() {
    let _alone = alone();
    let (sender, called) = mpsc::channel();
    at_exit(move || sender.send(()).unwrap());
    for round in 1..=3 {
        fail();
        assert_eq!(exits(), round);
    }
    assert_eq!(called.iter().count(), 1);
}

#[test]
fn a_callback_that_panics_stops_nothing() {
    let _alone = alone();
    let (sender, called) = mpsc::channel();
    let other = sender.clone();
    at_exit(move || sender.send("first").unwrap());
    at_exit(|| panic!("in a callback"));
    at_exit(move || other.send("last").unwrap());
    fail();
    assert_eq!(called.iter().collect::<Vec<_>>(), ["last", "first"]);
    assert_eq!(exits(), 1);
}

#[test]
fn a_callback_that_was_removed_does_not_run() {
    let _alone = alone();
    let ran = Arc::new(AtomicBool::new(false));
    let handle = at_exit({
        let ran = Arc::clone(&ran);
        move || ran.store(true, Ordering::SeqCst)
    });
    assert!(handle.remove());
    assert!(!handle.remove());
    assert_eq!(Arc::strong_count(&ran), 1);
    fail();
    assert!(!ran.load(Ordering::SeqCst));
}

#[test]
fn a_callback_may_add_another_and_remove_itself_in_vain() {
    let _alone = alone();
    let (sender, called) = mpsc::channel();
    let own = Arc::new(Mutex::new(None::<super::AtExit>));
    let handle = at_exit({
        let own = Arc::clone(&own);
        move || {
            let removed = own.lock().unwrap().as_ref().is_some_and(super::AtExit::remove);
            let inner = sender.clone();
            at_exit(move || inner.send(true).unwrap());
            sender.send(removed).unwrap();
        }
    });
    *own.lock().unwrap() = Some(handle);
    fail();
    assert_eq!(called.iter().collect::<Vec<_>>(), [false, true]);
}

#[test]
fn panics_in_record_hooks_copy_and_exit_go_no_further() {
    let _alone = alone();
    set_exit(Some(|_| {
        note_exit();
        panic!("in an exit");
    }));
    begin(None).finish(|| panic!("in a record"), || panic!("in a hook"), || panic!("in a display"));
    assert_eq!(exits(), 1);
    fail();
    assert_eq!(exits(), 2);
}

#[test]
fn of_many_at_once_one_exits_and_all_are_reported() {
    static RETURNED: AtomicUsize = AtomicUsize::new(0);
    static RETURNED_AT_EXIT: AtomicUsize = AtomicUsize::new(usize::MAX);

    let _alone = alone();
    set_exit(Some(|_| {
        RETURNED_AT_EXIT.store(RETURNED.load(Ordering::SeqCst), Ordering::SeqCst);
        note_exit();
    }));
    let (report, reported) = mpsc::channel();
    // Ends once all have reported: each of the others then waits for the exit, or soon will.
    at_exit(move || assert_eq!(reported.iter().take(8).count(), 8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let report = report.clone();
            thread::spawn(move || {
                begin(None).finish(move || report.send(()).unwrap(), || (), String::new);
                RETURNED.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(exits(), 1);
    assert_eq!(RETURNED_AT_EXIT.load(Ordering::SeqCst), 0, "one did not wait for the exit");
}

#[test]
fn a_failure_inside_an_ending_does_not_wait_for_that_ending() {
    let _alone = alone();
    let (sender, reported) = mpsc::channel();
    at_exit(move || begin(None).finish(|| sender.send(exits()).unwrap(), || (), String::new));
    begin(None).finish(|| (), fail, String::new);
    assert_eq!(reported.iter().collect::<Vec<_>>(), [0]);
    assert_eq!(exits(), 1);
}

#[test]
fn a_callback_that_hangs_does_not_keep_the_process_past_the_deadline() {
    let _alone = alone();
    set_exit_deadline(Duration::from_millis(30));
    let (open, gate) = mpsc::channel::<()>();
    at_exit(move || _ = gate.recv());
    let failing = thread::spawn(fail);
    wait_for_exit();
    assert!(!failing.is_finished());
    drop(open);
    failing.join().unwrap();
    assert_eq!(exits(), 1);
}

#[test]
fn after_an_exit_that_returned_no_watchdog_is_left() {
    let _alone = alone();
    set_exit_deadline(Duration::from_millis(200));
    fail();
    fail();
    thread::sleep(Duration::from_millis(400));
    assert_eq!(exits(), 2);
    set_exit_deadline(Duration::MAX);
    fail();
    assert_eq!(exits(), 3);
}
