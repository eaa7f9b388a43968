//! Shared support of the tests: fixtures and capture of records.
