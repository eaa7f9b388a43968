//! Real time for ages and durations, in nanoseconds since an instant of this process.
//!
//! Real, not tokio's: a test that pauses tokio's clock would see routines of no age, and reading it needs a runtime.

/// The time, exact.
#[cfg(target_os = "linux")]
pub(crate) fn now() -> u64 {
    nanoseconds(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

/// The time at the last tick of the kernel, at most a few milliseconds ago: a tenth of the price of the exact one, which
/// is a tenth of the price of a spawn.
#[cfg(target_os = "linux")]
#[inline]
pub(crate) fn coarse() -> u64 {
    nanoseconds(rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse))
}

#[cfg(target_os = "linux")]
#[inline]
#[allow(clippy::cast_sign_loss)]
fn nanoseconds(time: rustix::time::Timespec) -> u64 {
    // The monotonic clock starts at 0 with the machine.
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The time, exact.
#[cfg(not(target_os = "linux"))]
pub(crate) fn now() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The time; exact where there is no cheaper clock.
#[cfg(not(target_os = "linux"))]
#[inline]
pub(crate) fn coarse() -> u64 {
    now()
}
