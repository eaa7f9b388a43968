//! The end of the process that a routine with [`Policy::MustSuccess`](crate::Policy) brings about.
//!
//! First of all a watchdog starts, a thread of its own that ends the process at the deadline, so that no lock that somebody
//! holds, no callback and no subscriber can keep it alive. Then come the report, the routine's after-hooks, the `at_exit`
//! callbacks, a copy of the report on stderr, and the exit with code 1.
//!
//! # Invariants
//! - The exit function is called once for one ending, by the routine or by the watchdog: whoever turns `ENDING` to `EXITED`
//!   first.
//! - Of several routines that fail at once the first ends the process; the others wait for that.
//! - `CALLBACKS` is held for pushes and takes alone.

use std::fs::File;
use std::io::Write;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::panic;

/// A function that ends the process with a code.
pub type ExitFunction = fn(i32);

static EXIT: Mutex<Option<ExitFunction>> = Mutex::new(None);

/// Milliseconds from a failure to the end of the process, at most.
static DEADLINE: AtomicU64 = AtomicU64::new(5_000);

/// The code of the exit.
const CODE: i32 = 1;

/// How long the process's own exit may take, once it was called, until it is aborted.
const EXIT_ITSELF: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Nothing failed.
    None,
    /// A routine of this thread failed, and is about to end the process.
    By(ThreadId),
    /// The exit function was called.
    Exited,
}

static ENDING: Mutex<Ending> = Mutex::new(Ending::None);
static ENDED: Condvar = Condvar::new();

type Callback = Box<dyn FnOnce() + Send>;

static CALLBACKS: Mutex<Vec<(u64, Callback)>> = Mutex::new(Vec::new());

/// A callback that was registered with [`at_exit`]. Dropping this keeps it registered.
#[derive(Debug)]
pub struct AtExit(u64);

impl AtExit {
    /// Takes the callback back, without running it.
    pub fn remove(self) {
        let mut callbacks = CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner);
        let place = callbacks.iter().position(|(key, _)| *key == self.0);
        let removed = place.map(|place| callbacks.remove(place));
        drop(callbacks);
        panic::swallow(|| drop(removed));
    }
}

/// Registers a callback that runs before a [`Policy::MustSuccess`](crate::Policy) failure ends the process: the place to
/// flush what would be lost, such as a buffered log.
///
/// The newest runs first. One that panics is skipped. All of them share the deadline with the report and the after-hooks, see
/// [`set_exit_deadline`]; one that hangs is left behind. They do not run at an ordinary return from `main`.
///
/// ```
/// let flush = routine::at_exit(|| println!("flushed"));
/// flush.remove();
/// ```
pub fn at_exit(callback: impl FnOnce() + Send + 'static) -> AtExit {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let key = NEXT.fetch_add(1, Ordering::Relaxed);
    CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).push((key, Box::new(callback)));
    AtExit(key)
}

/// Sets the time that a [`Policy::MustSuccess`](crate::Policy) failure has for its report, hooks and callbacks before the
/// process ends in any case; 5 seconds unless this says otherwise. Exact to a millisecond, at least one.
pub fn set_exit_deadline(deadline: Duration) {
    let milliseconds = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX).max(1);
    DEADLINE.store(milliseconds, Ordering::Relaxed);
}

/// Replaces the function that ends the process; `None` brings [`std::process::exit`] back. Gives what was set before.
///
/// For tests of code that must end the process. If the function returns, the routine ends as failed and the process lives.
pub fn set_exit(exit: Option<ExitFunction>) -> Option<ExitFunction> {
    std::mem::replace(&mut *EXIT.lock().unwrap_or_else(PoisonError::into_inner), exit)
}

/// Ends the process because a routine failed: `report` and `after` run first, then the callbacks, and `copy` goes to stderr.
/// Returns only if a replaced exit function does.
#[cold]
pub(crate) fn must_success(report: impl FnOnce(), after: impl FnOnce(), copy: impl FnOnce() -> String) {
    match claim() {
        Claim::Ours => {}
        // A callback of the ending failed in turn: it is reported, and the ending goes on.
        Claim::Within => {
            report();
            after();
            return;
        }
    }
    let watchdog = Watchdog::start();
    report();
    after();
    run_callbacks();
    write_copy(&copy());
    exit();
    drop(watchdog);
    *ENDING.lock().unwrap_or_else(PoisonError::into_inner) = Ending::None;
    ENDED.notify_all();
}

enum Claim {
    Ours,
    Within,
}

/// Waits until no other routine is ending the process, which is for ever unless the exit function was replaced.
fn claim() -> Claim {
    let me = thread::current().id();
    let mut ending = ENDING.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match *ending {
            Ending::None => {
                *ending = Ending::By(me);
                return Claim::Ours;
            }
            Ending::By(thread) if thread == me => return Claim::Within,
            _ => ending = ENDED.wait(ending).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// Calls the exit function, unless it was called for this ending.
fn exit() {
    let mut ending = ENDING.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::replace(&mut *ending, Ending::Exited) == Ending::Exited {
        return;
    }
    drop(ending);
    let replaced = *EXIT.lock().unwrap_or_else(PoisonError::into_inner);
    match replaced {
        Some(exit) => exit(CODE),
        None => process::exit(CODE),
    }
}

fn run_callbacks() {
    loop {
        // Taken one by one, so that a callback may register another.
        let next = CALLBACKS.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some((_, callback)) = next else { return };
        panic::swallow(callback);
    }
}

/// Writes to stderr through a descriptor of our own: the lock of `std::io::stderr` may be held by whoever hangs.
fn write_copy(copy: &str) {
    #[cfg(unix)]
    let stderr = {
        use std::os::fd::AsFd;
        std::io::stderr().as_fd().try_clone_to_owned().map(File::from)
    };
    #[cfg(windows)]
    let stderr = {
        use std::os::windows::io::AsHandle;
        std::io::stderr().as_handle().try_clone_to_owned().map(File::from)
    };
    if let Ok(mut stderr) = stderr {
        // A closed stderr is no reason to live on.
        let _ = stderr.write_all(format!("{copy}\n").as_bytes());
    }
}

/// A thread that ends the process at the deadline, unless this is dropped before.
struct Watchdog {
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    fn start() -> Option<Self> {
        let deadline = Duration::from_millis(DEADLINE.load(Ordering::Relaxed));
        let (alive, ended) = mpsc::channel();
        let watch = move || {
            if ended.recv_timeout(deadline) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            // Even the exit may hang, in a handler that C code registered. Nothing but an abort ends that.
            let exiting = thread::Builder::new().name("routine-exit".to_owned()).spawn(exit);
            let hung = ended.recv_timeout(EXIT_ITSELF) == Err(RecvTimeoutError::Timeout);
            if exiting.is_err() || (hung && EXIT.lock().is_ok_and(|replaced| replaced.is_none())) {
                process::abort();
            }
        };
        match thread::Builder::new().name("routine-watchdog".to_owned()).spawn(watch) {
            Ok(_) => Some(Self { _alive: alive }),
            // Without a watchdog anything may hang.
            Err(_) => {
                exit();
                None
            }
        }
    }
}
