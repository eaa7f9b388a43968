//! What only the inside can check.
