//! What routine promises, a file per promise.
#![allow(missing_docs)]

mod endings;
mod exit;
mod hard_functions;
mod hard_in_place;
mod hard_started;
mod hooks;
mod hooks_under_load;
mod in_place;
mod inline_bodies;
mod inline_forms;
mod ladder;
mod registry;
mod reports;
mod trace;
