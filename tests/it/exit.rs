//! What ends the process, and what does not.

use routine_tests::run;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_error_of_a_must_success_routine_runs_hooks_and_callbacks_and_exits_with_1() {
    let output = run(env!("CARGO_BIN_EXE_must_success_error"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "after failed\nflushed first\nflushed last\n");
    assert!(text(&output.stderr).contains("failed: the port is taken"), "{}", text(&output.stderr));
}

#[test]
fn of_several_must_success_panics_one_ends_the_process() {
    let output = run(env!("CARGO_BIN_EXE_must_success_panic"));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "flushed\n");
}

#[test]
fn nothing_that_hangs_keeps_the_process_alive() {
    let output = run(env!("CARGO_BIN_EXE_must_success_hangs"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn cancelled_ones_and_a_replaced_exit_leave_the_process_alive() {
    let output = run(env!("CARGO_BIN_EXE_must_success_lives"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("aborted: routine `Pending` was cancelled"), "{said}");
    assert_eq!(said.matches("failed: the port is taken").count(), 2, "{said}");
    assert!(said.contains("code 1, Stats { started: 4, completed: 0, failed: 2, panicked: 0, cancelled: 2,"), "{said}");
}

#[test]
fn without_a_subscriber_reports_go_to_stderr_on_one_line() {
    let output = run(env!("CARGO_BIN_EXE_no_subscriber"));
    let said = text(&output.stderr);
    assert!(said.contains("failed: bad\\nnews, routine.id=1"), "{said}");
    assert!(said.contains("worse news"), "{said}");
    assert_eq!(text(&output.stdout), "1\n");
}

#[test]
fn the_books_balance_whatever_dies() {
    let output = run(env!("CARGO_BIN_EXE_books"));
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
