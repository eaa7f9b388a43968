//! The macros of the crate `routine`; use them through it.
