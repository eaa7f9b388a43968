//! What routine promises, a file per promise.
#![allow(missing_docs)]
