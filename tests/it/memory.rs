//! What is on the heap stays as it was, and the books are exact. Both are the process's, so each is shown by a program.

use routine_tests::{run, run_with};

#[track_caller]
fn succeeds(output: &std::process::Output) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
}

#[test]
fn the_books_are_exact_and_the_heap_is_flat_whatever_ends_and_dies() {
    succeeds(&run_with(env!("CARGO_BIN_EXE_books"), &["150000"]));
}

#[test]
fn the_books_of_pools_are_exact_and_the_heap_is_flat_whatever_becomes_of_them() {
    succeeds(&run_with(env!("CARGO_BIN_EXE_pool_books"), &["60000"]));
}

#[test]
fn messages_of_100_megabytes_are_not_copied_and_not_kept_and_kill_no_worker() {
    succeeds(&run(env!("CARGO_BIN_EXE_huge")));
}

#[test]
fn a_chain_of_successors_keeps_its_trace_and_its_memory() {
    succeeds(&run(env!("CARGO_BIN_EXE_successors")));
}
