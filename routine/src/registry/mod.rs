//! The live table: every routine has a slot in it from its spawn to its end.

mod arena;
mod cold;
mod extra;
mod heritage;
mod meta;
mod own;
mod slot;

#[cfg(all(test, routine_loom))]
mod models;
#[cfg(test)]
#[cfg(not(routine_loom))]
mod tests;

pub(crate) use arena::{BATCH, give_back, slots, take_batch, take_one};
pub(crate) use cold::Cold;
pub(crate) use extra::{Extra, Timeout};
pub(crate) use heritage::{Heritage, Value};
pub(crate) use meta::{Flags, Kind, Meta};
pub(crate) use own::Own;
pub(crate) use slot::{Birth, Record, Slot, State};
