//! What runs before the process exits.

use std::fmt;
use std::panic::Location;
use std::sync::Mutex;

use super::{lock, stderr};
use crate::panic::{self, Panic};

struct Callback {
    number: u64,
    site: &'static Location<'static>,
    run: Box<dyn FnOnce() + Send>,
}

struct Callbacks {
    list: Vec<Callback>,
    last: u64,
}

static CALLBACKS: Mutex<Callbacks> = Mutex::new(Callbacks { list: Vec::new(), last: 0 });

/// A callback that was added by [`at_exit`]. Dropping this leaves the callback where it is.
#[derive(Clone)]
pub struct AtExit {
    number: u64,
    site: &'static Location<'static>,
}

/// Adds a callback that runs before the process exits: when a routine under
/// [`Policy::MustSuccess`](crate::Policy::MustSuccess) fails, and at the end of a [`shutdown`](fn@crate::shutdown), which
/// [`run`](crate::run) makes whatever way `main` ends. The place to flush what is still in memory.
///
/// Each runs once, the newest first, after the failure was reported and the after-hooks ran; one that is added by another is
/// run next. They run on the thread of the routine that failed, inside its poll, and in a shutdown on a thread of their own: they may block, but may not wait for work
/// of the same runtime, and may not call a runtime's `block_on`, which panics there (use a thread). A callback that panics is
/// told on stderr, and the others run.
///
/// All together they have until the deadline ([`set_exit_deadline`](crate::set_exit_deadline), 5 seconds unless set), and then
/// the process exits without the rest.
///
/// They do not run when the process ends in any other way: a return from a `main` without [`run`](crate::run),
/// `std::process::exit`, a signal that nobody listens to, a second signal, an abort.
///
/// ```
/// struct Writer(Vec<String>);
///
/// impl Drop for Writer {
///     fn drop(&mut self) {
///         // Writes out what is left.
///     }
/// }
///
/// let writer = Writer(Vec::new());
/// let flush = routine::at_exit(move || drop(writer));
///
/// // Where the end is an orderly one:
/// assert!(flush.remove());
/// ```
#[track_caller]
pub fn at_exit<F>(callback: F) -> AtExit
where
    F: FnOnce() + Send + 'static,
{
    let site = Location::caller();
    let run = Box::new(callback);
    let mut callbacks = lock(&CALLBACKS);
    callbacks.last += 1;
    let number = callbacks.last;
    callbacks.list.push(Callback { number, site, run });
    AtExit { number, site }
}

impl AtExit {
    /// Removes the callback and drops it here. Whether it was there: `false` the second time, and once it has begun to run.
    pub fn remove(&self) -> bool {
        let removed = {
            let list = &mut lock(&CALLBACKS).list;
            let place = list.iter().position(|callback| callback.number == self.number);
            place.map(|place| list.remove(place))
        };
        removed.is_some()
    }
}

impl fmt::Debug for AtExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtExit").field("added_at", &self.site).finish_non_exhaustive()
    }
}

/// Runs all callbacks, also those that are added meanwhile.
pub(super) fn run() {
    while let Some(Callback { site, run, .. }) = newest() {
        if let Err(payload) = panic::contain(run) {
            let panic: Panic = panic::take(payload, 0);
            stderr::write(&format!("routine: the exit callback added at {site} {panic}\n"));
        }
    }
}

fn newest() -> Option<Callback> {
    lock(&CALLBACKS).list.pop()
}
