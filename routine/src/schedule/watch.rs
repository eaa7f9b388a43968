//! The one look a minute at whether a wall clock was set.
//!
//! Timers run on a clock that nobody sets. Those that wait for an instant of the wall clock are told when that has been set, and
//! wait anew. One of them looks, for all that go by the same clock: it has a timer already.
//!
//! # Invariants
//! - While a clock has members, one of them is the holder, or has been woken to become it: whoever leaves hands the part over
//!   under the lock, and wakes the new one.
//! - A new holder looks at once, so that a minute passes at most between two looks, whoever makes them.
//! - Two locks, `WATCHES` and a watch's own, never both at once. No code of a user runs under them: clocks are read and dropped,
//!   and wakers woken, outside.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Waker;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::timetable::Now;
use super::wall::{self, WallClock};

/// The time between two looks.
const MINUTE: Duration = Duration::from_secs(60);

/// What a clock may go wrong by until those who wait are told: no instant comes later than this for a clock that is slewed.
const SLACK: Duration = Duration::from_millis(50);

/// The clocks that somebody waits for, by their address.
static WATCHES: Mutex<Option<HashMap<usize, Weak<Watch>>>> = Mutex::new(None);

/// A clock that some wait for.
pub(super) struct Watch {
    clock: Arc<dyn WallClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What both clocks showed when all were told last.
    told: Option<(Instant, SystemTime)>,
    members: HashMap<u64, Waker>,
    holder: Option<u64>,
    last: u64,
}

impl Watch {
    fn of(clock: Arc<dyn WallClock>) -> Arc<Self> {
        let key = address(&clock);
        let mut watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
        let watches = watches.get_or_insert_default();
        if let Some(watch) = watches.get(&key).and_then(Weak::upgrade) {
            return watch;
        }
        let watch = Arc::new(Self { clock, state: Mutex::default() });
        watches.insert(key, Arc::downgrade(&watch));
        watch
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether the clock was set, and tells the others.
    fn look(&self, now: Instant, wall: SystemTime, own: u64) {
        let mut state = self.state();
        let (then, shown) = *state.told.get_or_insert((now, wall));
        let expected = shown.checked_add(now.saturating_duration_since(then));
        let wrong = expected.is_none_or(|expected| apart(expected, wall) > SLACK);
        if !wrong {
            return;
        }
        state.told = Some((now, wall));
        let wakers: Vec<_> =
            state.members.iter().filter(|(id, _)| **id != own).map(|(_, waker)| waker.clone()).collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watches) = watches.as_mut() else { return };
        let key = address(&self.clock);
        // There may be a new one by now.
        if watches.get(&key).is_some_and(|watch| std::ptr::eq(watch.as_ptr(), self)) {
            watches.remove(&key);
        }
    }
}

fn address(clock: &Arc<dyn WallClock>) -> usize {
    Arc::as_ptr(clock).cast::<()>().addr()
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

/// Somebody who waits for an instant of a wall clock.
pub(super) struct Member {
    watch: Arc<Watch>,
    /// 0 until it has joined.
    id: u64,
    /// When it is to look next, if that is its part.
    look_at: Option<Instant>,
}

impl Member {
    pub(super) fn of(clock: Arc<dyn WallClock>) -> Self {
        Self { watch: Watch::of(clock), id: 0, look_at: None }
    }

    /// Reads the clock.
    pub(super) fn read(&self) -> SystemTime {
        wall::read(&*self.watch.clock)
    }

    /// From here on it is woken when the clock has been set. To be called before the clock is read, with the waker of its task,
    /// which is one and the same all its life.
    pub(super) fn join(&mut self, waker: &Waker) {
        if self.id != 0 {
            return;
        }
        let mut state = self.watch.state();
        state.last += 1;
        self.id = state.last;
        state.holder.get_or_insert(self.id);
        state.members.insert(self.id, waker.clone());
    }

    /// Looks at the clock, if that is its part and it is time, and says when it is to look next.
    pub(super) fn look(&mut self, now: &Now) -> Option<Instant> {
        let wall = now.wall?;
        if self.watch.state().holder != Some(self.id) {
            return None;
        }
        if self.look_at.is_none_or(|look_at| look_at <= now.now) {
            self.watch.look(now.now, wall, self.id);
            self.look_at = now.now.checked_add(MINUTE);
        }
        self.look_at
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.id == 0 {
            return;
        }
        let mut state = self.watch.state();
        let own = state.members.remove(&self.id);
        let mut next = None;
        if state.holder == Some(self.id) {
            state.holder = state.members.keys().next().copied();
            next = state.holder.and_then(|holder| state.members.get(&holder).cloned());
        }
        drop(state);
        mem::drop(own);
        next.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Stopped(SystemTime);

    impl WallClock for Stopped {
        fn now(&self) -> SystemTime {
            self.0
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Woken {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn one_looks_for_all_and_hands_the_part_over_when_it_goes() {
        let clock: Arc<dyn WallClock> = Arc::new(Stopped(SystemTime::UNIX_EPOCH));
        let mut members: Vec<_> = (0..3).map(|_| Member::of(Arc::clone(&clock))).collect();
        let woken: Vec<_> = (0..3).map(|_| Arc::new(Woken::default())).collect();
        for (member, woken) in members.iter_mut().zip(&woken) {
            member.join(&Waker::from(Arc::clone(woken)));
        }
        let start = Instant::now();
        let now = Now { now: start, wall: Some(clock.now()) };
        assert_eq!(members[0].look(&now), Some(start + MINUTE));
        assert_eq!(members[1].look(&now), None);
        drop(members.remove(0));
        assert_eq!(woken[1].count() + woken[2].count(), 1, "one is woken to look");
        let looks: Vec<_> = members.iter_mut().filter_map(|member| member.look(&now)).collect();
        assert_eq!(looks, [start + MINUTE]);
        // The clock stands still, and so is wrong a minute later.
        let later = Now { now: start + MINUTE, wall: now.wall };
        for member in &mut members {
            member.look(&later);
        }
        assert_eq!(woken[1].count() + woken[2].count(), 2, "the other is told");
    }

    #[test]
    fn a_clock_without_members_is_forgotten() {
        let clock: Arc<dyn WallClock> = Arc::new(Stopped(SystemTime::UNIX_EPOCH));
        let member = Member::of(Arc::clone(&clock));
        assert_eq!(Arc::strong_count(&clock), 2);
        drop(member);
        assert_eq!(Arc::strong_count(&clock), 1);
        let watches = WATCHES.lock().unwrap();
        assert!(!watches.as_ref().unwrap().contains_key(&address(&clock)));
    }
}
