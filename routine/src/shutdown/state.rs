//! How far the shutdown has come, for those who start, wait, or ask.
//!
//! # Invariants
//! - Both numbers only grow. A phase is ended after it was asked to stop.
//! - Whoever puts a token or a waker where the shutdown finds it looks at the number afterwards, and the shutdown looks for
//!   them after it has set the number: one of the two sees the other.
//! - No code of a user runs under a lock: tokens are fired, and wakers woken, outside.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::hook;
use crate::registry::{Flags, Slot};

/// Phases below this number were asked to stop.
static ASKED: AtomicU32 = AtomicU32::new(0);
/// How far those are to end who have not stopped: see [`turn`].
static ENDED: AtomicU32 = AtomicU32::new(0);
/// The members of groups that end before the rest of their phase: not those that somebody starts meanwhile who comes to an end.
static DRAINED: Mutex<Option<HashSet<u64>>> = Mutex::new(None);
/// Routines that wait for the shutdown, and that it neither waits for nor ends.
static EXEMPT: Mutex<Vec<u64>> = Mutex::new(Vec::new());
/// Those around which somebody runs a process, and who have not returned.
static MAINS: AtomicUsize = AtomicUsize::new(0);
/// Whether the shutdown was asked for outside any routine, as it seems by one of those.
static MAIN_WAITS: AtomicBool = AtomicBool::new(false);
/// What fires when a phase is asked to stop, made by the first who waits for it.
static TOKENS: Mutex<BTreeMap<u8, CancellationToken>> = Mutex::new(BTreeMap::new());

/// Whether any phase was asked to stop.
#[inline]
pub(crate) fn refuses_some() -> bool {
    ASKED.load(Ordering::Relaxed) != 0
}

/// Whether a phase was asked to stop, and starts nothing any more.
pub(crate) fn asks(phase: u8) -> bool {
    u32::from(phase) < ASKED.load(Ordering::SeqCst)
}

/// Whether the routines of any phase are to end.
#[inline]
pub(crate) fn ends_some() -> bool {
    ENDED.load(Ordering::Relaxed) != 0
}

/// For the owner of a slot that a runtime polls: whether it is to end.
pub(crate) fn ends(slot: &'static Slot) -> bool {
    let ended = ENDED.load(Ordering::SeqCst);
    // A routine in place is its caller's.
    if ended == 0 || slot.meta().has(Flags::IN_PLACE) {
        return false;
    }
    let is_its_turn = match slot.phase() {
        phase if turn(phase, false) <= ended => true,
        phase => slot.meta().has(Flags::GROUPED) && turn(phase, true) <= ended && is_drained(slot.segment()),
    };
    is_its_turn && !is_exempt(slot.segment())
}

fn is_drained(routine: u64) -> bool {
    lock(&DRAINED).as_ref().is_some_and(|drained| drained.contains(&routine))
}

/// Whether the pools of a phase are over.
pub(crate) fn ends_pools(phase: u8) -> bool {
    turn(phase, true) <= ENDED.load(Ordering::SeqCst)
}

/// What comes when of what is ended: in each phase jobs of pools and members of groups before those who wait for them.
fn turn(phase: u8, is_waited_for: bool) -> u32 {
    u32::from(phase) * 2 + if is_waited_for { 1 } else { 2 }
}

/// What fires when a phase is asked to stop.
pub(crate) fn token(phase: u8) -> CancellationToken {
    let token = lock(&TOKENS).entry(phase).or_default().clone();
    if asks(phase) {
        token.cancel();
    }
    token
}

/// Has nothing start any more in a phase, nor in those before it.
pub(super) fn refuse(phase: u8) {
    ASKED.fetch_max(u32::from(phase) + 1, Ordering::SeqCst);
    hook::notice_shutdown();
}

/// Asks a phase to stop in which nothing starts any more, and those before it.
pub(super) fn ask(phase: u8) {
    let asked: Vec<_> = lock(&TOKENS).range(..=phase).map(|(_, token)| token.clone()).collect();
    asked.iter().for_each(CancellationToken::cancel);
}

/// Has those members of groups of a phase end at their next await, and all of the phases before it, who are still to be woken.
pub(super) fn end_members(phase: u8, members: &[u64]) {
    lock(&DRAINED).get_or_insert_default().extend(members);
    ENDED.fetch_max(turn(phase, true), Ordering::SeqCst);
}

/// Has the routines of a phase end at their next await, and those before it. They are still to be woken.
pub(super) fn end(phase: u8) {
    ENDED.fetch_max(turn(phase, false), Ordering::SeqCst);
    let drained = lock(&DRAINED).take();
    drop(drained);
}

/// A `main` that has not returned.
pub(super) struct Main(());

impl Main {
    pub(super) fn begin() -> Self {
        MAINS.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Main {
    fn drop(&mut self) {
        MAINS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether there is a `main` to be waited for.
pub(super) fn waits_for_main() -> bool {
    MAINS.load(Ordering::SeqCst) > 0 && !MAIN_WAITS.load(Ordering::SeqCst)
}

pub(super) fn exempt_main() {
    MAIN_WAITS.store(true, Ordering::SeqCst);
}

pub(crate) fn exempt(routine: u64) {
    let mut exempt = lock(&EXEMPT);
    if routine != 0 && !exempt.contains(&routine) {
        exempt.push(routine);
    }
}

/// Those that wait for the shutdown.
pub(super) fn exempted() -> Vec<u64> {
    lock(&EXEMPT).clone()
}

/// Whether a routine waits for the shutdown.
pub(crate) fn is_exempt(routine: u64) -> bool {
    lock(&EXEMPT).contains(&routine)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
