//! What is running now: a picture to ask, and a tree to read.

mod dump;
mod snapshot;
mod tree;

pub(crate) use dump::Age;
pub use dump::{Dump, dump};
pub use snapshot::{Routine, RoutineState, Snapshot, snapshot};
