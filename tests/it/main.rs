//! What routine promises, a file per promise.
#![allow(missing_docs)]

mod endings;
mod exit;
mod hooks;
mod registry;
mod reports;
mod trace;
