//! What only some routines have, kept out of the slot.

use std::borrow::Cow;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

/// What only some routines have: one allocation more, for those who use it.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) span: Option<tracing::Span>,
    pub(crate) cancellation: Option<CancellationToken>,
    pub(crate) timeout: Option<Timeout>,
    /// The time for an orderly shutdown where a failure ends the process.
    pub(crate) graceful: Option<Duration>,
    /// The phase of the shutdown, where it is not inherited.
    pub(crate) phase: Option<u8>,
    /// The spawner's number, where the trace was not the spawner's own, so that the slot's `parent` does not tell it.
    pub(crate) parent: u64,
}

/// The time that a routine has, and the timer that ends it.
#[derive(Debug)]
pub(crate) struct Timeout {
    pub(crate) after: Duration,
    /// Made by the first poll: a timer needs the runtime that polls it.
    pub(crate) sleep: Option<Pin<Box<Sleep>>>,
}

impl Extra {
    /// Sets a field that the library keeps for the routine, and that changes while it lives.
    pub(crate) fn set_field(&mut self, key: &'static str, value: String) {
        match self.fields.iter_mut().rev().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.fields.push((key, value)),
        }
    }
}
