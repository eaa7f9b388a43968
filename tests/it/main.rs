//! What routine promises, a file per promise.
#![allow(missing_docs)]

mod endings;
mod exit;
mod hooks;
mod hooks_under_load;
mod registry;
mod reports;
mod trace;
