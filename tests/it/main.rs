//! What routine promises, a file per promise.
#![allow(missing_docs)]

mod ladder;
mod inline_forms;
