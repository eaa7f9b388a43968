//! What ends the process, and what does not.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

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

/// How long a process may take whose deadline is 200 ms, on a machine that is busy.
const SOON: Duration = Duration::from_secs(10);

/// How a process ended whose stderr nobody reads. One that hangs is killed.
fn ending(program: &str, arguments: &[&str]) -> ExitStatus {
    let mut process = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it was built");
    let begun = Instant::now();
    loop {
        if let Some(status) = process.try_wait().expect("it is our child") {
            return status;
        }
        if begun.elapsed() > SOON {
            process.kill().expect("it is our child");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a process that cannot end by itself, and gives what it said on stderr.
#[track_caller]
fn ended_by_the_watchdog(program: &str) -> String {
    let status = ending(program, &[]);
    assert_eq!(status.code(), Some(1), "{status}");
    let said = text(&run(program).stderr);
    assert!(said.contains(" did not end within 200ms, exiting with code 1"), "{said}");
    said
}

#[test]
fn with_stderr_locked_and_a_callback_that_hangs_the_record_is_told_and_the_process_exits() {
    let said = ended_by_the_watchdog(env!("CARGO_BIN_EXE_must_success_hangs"));
    assert_eq!(said.matches("failed: the port is taken, routine.id=1").count(), 1, "{said}");
}

#[test]
fn a_subscriber_that_hangs_keeps_neither_the_process_nor_the_record() {
    let said = ended_by_the_watchdog(env!("CARGO_BIN_EXE_must_success_subscriber_hangs"));
    assert_eq!(said.matches("failed: the port is taken, routine.id=1").count(), 1, "{said}");
    assert!(said.contains("reporting the failure did not end"), "{said}");
}

#[test]
fn an_error_that_hangs_when_it_is_displayed_does_not_keep_the_process() {
    let said = ended_by_the_watchdog(env!("CARGO_BIN_EXE_must_success_display_hangs"));
    assert!(said.contains("displaying the error did not end"), "{said}");
}

#[test]
fn a_hook_that_hangs_does_not_keep_the_process() {
    let said = ended_by_the_watchdog(env!("CARGO_BIN_EXE_must_success_hook_hangs"));
    assert_eq!(said.matches("failed: the port is taken, routine.id=1").count(), 1, "{said}");
    assert!(said.contains("running the after-hooks did not end"), "{said}");
}

#[test]
fn a_full_stderr_does_not_keep_the_process() {
    assert_eq!(ending(env!("CARGO_BIN_EXE_must_success_stderr_full"), &[]).code(), Some(1));
}

/// Where the system's exit runs the destructors of thread locals.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn what_never_returns_from_its_drop_cannot_keep_the_process() {
    for what in ["timeout", "payload", "field"] {
        let status = ending(env!("CARGO_BIN_EXE_must_success_drop_hangs"), &[what]);
        assert_eq!(status.code(), Some(1), "{what}: {status}");
    }
}

#[test]
fn an_exit_that_hangs_becomes_an_abort() {
    use std::os::unix::process::ExitStatusExt;

    let status = ending(env!("CARGO_BIN_EXE_must_success_exit_hangs"), &[]);
    assert_eq!(status.signal(), Some(6), "{status}");
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
