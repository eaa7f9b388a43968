//! What routine promises, a file per promise.
#![allow(missing_docs)]

mod hard_functions;
mod inline_forms;
mod ladder;
