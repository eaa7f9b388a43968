//! stub
use crate::report::Subject; use crate::Outcome; use std::time::Duration;
/// b
pub struct Begin<'a> { s: &'a Subject, started: bool }
impl<'a> Begin<'a> { pub(crate) fn new(s: &'a Subject, started: bool) -> Self { Self { s, started } } }
/// e
pub struct End<'a> { s: &'a Subject, started: bool, o: Outcome, d: Duration }
impl<'a> End<'a> { pub(crate) fn new(s: &'a Subject, started: bool, o: Outcome, d: Duration) -> Self { Self { s, started, o, d } } }
static CURRENT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
#[inline] pub(crate) fn current() -> u32 { CURRENT.load(std::sync::atomic::Ordering::Relaxed) }
pub(crate) fn before(_: &Begin<'_>) -> u32 { 0 }
pub(crate) fn after(_: u32, _: &End<'_>) {}
