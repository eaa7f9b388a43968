//! The atomics and locks of the registry, of groups and of pools: the standard library's, or loom's where its models run.

#[cfg(not(routine_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence},
};

#[cfg(routine_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence},
};

/// Locks, also where a thread died holding the lock: nothing that we do under a lock can leave it half done, and a
/// registry that refuses to work after one panic would be worse than the panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Stores a value, where other threads read, modify and write the same atomic.
///
/// loom lets such a store fall between the two halves of what must be one step of the other thread
/// (<https://github.com/tokio-rs/loom/issues/254>), and so finds histories that no machine has. There it is an exchange,
/// which has to come before or after. A model loses nothing by that as long as what it reads under the new value does not
/// hang on a store before this one: an exchange also carries on what that one released.
#[inline]
pub(crate) fn overwrite(atomic: &AtomicU32, value: u32, order: Ordering) {
    #[cfg(not(routine_loom))]
    atomic.store(value, order);
    #[cfg(routine_loom)]
    atomic.swap(value, order);
}
