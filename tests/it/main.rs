//! What routine promises, a file per promise.
#![allow(missing_docs)]

mod endings;
mod exit;
mod hard_functions;
mod hooks;
mod hooks_under_load;
mod in_place;
mod inline_forms;
mod registry;
mod reports;
mod trace;
