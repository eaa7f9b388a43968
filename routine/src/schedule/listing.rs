//! The schedules that there are, for the end of the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::shared::Shared;
use crate::sync::Ordering;

/// In no order. Each knows its place, so that a hundred thousand may come and go.
static SCHEDULES: Mutex<Vec<Weak<Shared>>> = Mutex::new(Vec::new());

pub(super) fn add(schedule: &Arc<Shared>) {
    let mut list = list();
    // Four thousand million schedules are more than there is memory for.
    schedule.place.store(u32::try_from(list.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
    list.push(Arc::downgrade(schedule));
}

pub(super) fn remove(schedule: &Shared) {
    let mut list = list();
    let number = schedule.place.load(Ordering::Relaxed);
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    if !list.get(place).is_some_and(|listed| std::ptr::eq(listed.as_ptr(), schedule)) {
        return;
    }
    let removed = list.swap_remove(place);
    let moved = list.get(place).and_then(Weak::upgrade);
    if let Some(moved) = &moved {
        moved.place.store(number, Ordering::Relaxed);
    }
    drop(list);
    drop((removed, moved));
}

/// Ends the schedules of a phase of the shutdown, and of those before it: no run begins any more, and their closures are dropped.
pub(crate) fn stop(phase: u8) {
    let listed: Vec<_> = list().iter().filter_map(Weak::upgrade).collect();
    for schedule in listed.iter().filter(|schedule| schedule.phase <= phase) {
        schedule.end();
    }
}

fn list() -> MutexGuard<'static, Vec<Weak<Shared>>> {
    SCHEDULES.lock().unwrap_or_else(PoisonError::into_inner)
}
