//! Routines that start at their time.

#[cfg(feature = "cron")]
mod cron;

#[cfg(feature = "cron")]
pub use cron::{Cron, CronError};
