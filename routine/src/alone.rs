//! Tests that assert on what belongs to the whole process: the books, the table of slots, the exit.

use std::process::Command;

/// Runs `body` as the only test of a process: of another one, which runs the test named `test` alone.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    const ALONE: &str = "ROUTINE_TEST_ALONE";

    if std::env::var(ALONE).is_ok_and(|chosen| chosen == test) {
        body();
        return;
    }
    let this = std::env::current_exe().expect("a test is a program");
    let child = Command::new(this)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, test)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("this very program can be run");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains("1 passed"), "there is no test `{test}`: {said}");
}
