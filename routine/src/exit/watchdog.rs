//! What ends the process where its ending hangs.
//!
//! Two threads, started before anything else is done. The first exits at the deadline, if the thread that is ending the
//! process has not come to it. An exit may hang as well: it runs what C libraries registered, and those have locks. The
//! second aborts the process where the exit takes longer than a second. The system's own exit that runs nothing (`_exit`)
//! would keep the code, but there is none without unsafe code: the standard library has only the abort, and rustix keeps
//! its `exit_group` to itself.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{CODE, call_exit, is_replaced, lock, stderr};

/// How long the watchdog waits for its words to be written: whoever reads stderr may have stopped.
const WORDS: Duration = Duration::from_millis(250);
/// How long an exit may take after the deadline.
const EXIT: Duration = Duration::from_secs(1);

/// What the thread that is ending the process is doing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Stage {
    #[default]
    Drop,
    Display,
    Report,
    Hooks,
    Callbacks,
    Copy,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "dropping what the routine left behind",
            Self::Display => "displaying the error",
            Self::Report => "reporting the failure",
            Self::Hooks => "running the after-hooks",
            Self::Callbacks => "running the `at_exit` callbacks",
            Self::Copy => "writing to stderr",
        }
    }
}

/// What the ending thread and its watchdogs know of each other.
#[derive(Debug, Default)]
pub(super) struct Watch {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Progress {
    stage: Stage,
    /// The record, until somebody writes it.
    copy: String,
    /// Somebody has called the exit, and nobody else may.
    exiting: bool,
    /// The exit returned.
    over: bool,
}

impl Watch {
    pub(super) fn enter(&self, stage: Stage) {
        lock(&self.progress).stage = stage;
    }

    pub(super) fn keep_copy(&self, copy: String) {
        lock(&self.progress).copy = copy;
    }

    /// The record, for who writes it; empty where somebody else does.
    pub(super) fn take_copy(&self) -> String {
        std::mem::take(&mut lock(&self.progress).copy)
    }

    /// Exits, unless somebody else does. Returns when the exit has returned.
    pub(super) fn exit(&self) {
        let mut progress = lock(&self.progress);
        if progress.exiting {
            while !progress.over {
                progress = self.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
            }
            return;
        }
        progress.exiting = true;
        drop(progress);
        self.exit_claimed();
    }

    /// Nothing is watched any more: somebody else sees to the exit.
    pub(super) fn release(&self) {
        let mut progress = lock(&self.progress);
        (progress.exiting, progress.over) = (true, true);
        drop(progress);
        self.changed.notify_all();
    }

    fn exit_claimed(&self) {
        // Wakes the watchdog, which has nothing to do any more.
        self.changed.notify_all();
        call_exit(CODE);
        lock(&self.progress).over = true;
        self.changed.notify_all();
    }

    /// Waits until `done`, for `time` at most.
    fn wait(&self, time: Duration, done: impl Fn(&Progress) -> bool) -> MutexGuard<'_, Progress> {
        let begun = Instant::now();
        let mut progress = lock(&self.progress);
        // By what is left: the end of a very long time cannot be told as an instant.
        while let Some(left) = time.checked_sub(begun.elapsed()).filter(|left| !left.is_zero() && !done(&progress)) {
            progress = self.changed.wait_timeout(progress, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        progress
    }

    /// Exits at the deadline.
    fn exit_late(&self, deadline: Duration) {
        let mut progress = self.wait(deadline, |progress| progress.exiting);
        if progress.exiting {
            return;
        }
        progress.exiting = true;
        let copy = std::mem::take(&mut progress.copy);
        let stage = progress.stage.as_str();
        drop(progress);
        speak(format!("{copy}routine: {stage} did not end within {deadline:?}, exiting with code {CODE}\n"));
        self.exit_claimed();
    }

    /// Aborts where the exit has not ended the process a while after the deadline. A replaced exit may take its time.
    fn abort_late(&self, deadline: Duration) {
        let over = self.wait(deadline.saturating_add(WORDS + EXIT), |progress| progress.over).over;
        if !over && !is_replaced() {
            std::process::abort();
        }
    }
}

/// Starts the watchdogs.
pub(super) fn start(watch: &Arc<Watch>, deadline: Duration) -> io::Result<()> {
    let late = Arc::clone(watch);
    spawn("routine-exit", move || late.exit_late(deadline))?;
    let later = Arc::clone(watch);
    spawn("routine-abort", move || later.abort_late(deadline))
}

/// Aborts the process where an exit that is about to begin has not ended it a while later. Without a thread for it, nobody does.
pub(super) fn abort_in_a_while() {
    let aborts = || {
        thread::sleep(EXIT);
        std::process::abort();
    };
    drop(spawn("routine-abort", aborts));
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Writes the watchdog's words from a thread that may hang on it. Without such a thread they are not written.
fn speak(words: String) {
    let said = Arc::new(Watch::default());
    let saying = Arc::clone(&said);
    let speaker = spawn("routine-words", move || {
        stderr::write(&words);
        lock(&saying.progress).over = true;
        saying.changed.notify_all();
    });
    if speaker.is_ok() {
        drop(said.wait(WORDS, |progress| progress.over));
    }
}
