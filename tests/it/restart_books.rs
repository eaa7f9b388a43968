//! The books balance at rest, whatever is retried, restarted or supervised, and whenever it is stopped.

use routine_tests::run_with;

#[test]
fn what_is_retried_restarted_and_supervised_is_counted_once_and_leaves_nothing() {
    let output = run_with(env!("CARGO_BIN_EXE_restart_books"), &["2000"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
