//! stub
pub(crate) fn must_success(report: impl FnOnce(), after: impl FnOnce(), _copy: &str) { report(); after(); std::process::exit(1) }
/// x
pub fn at_exit(_: fn()) {}
