//! What a shutdown does, each way in a process of its own: a process has one.

use std::process::{Command, Output};

const FIXTURE: &str = env!("CARGO_BIN_EXE_shutdown");

/// What a way says on stdout, if it ends well.
#[track_caller]
fn says(way: &str) -> String {
    let output = run(way);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// [`says`] of those that speak at once: the lines, sorted.
#[track_caller]
fn says_in_any_order(way: &str) -> Vec<String> {
    let mut lines: Vec<_> = says(way).lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

fn run(way: &str) -> Output {
    Command::new(FIXTURE).arg(way).output().expect("it was built")
}

#[test]
fn all_are_asked_to_stop_for_that_reason_and_waited_for_also_outside_routines() {
    let said = says("clean");
    let mut lines: Vec<_> = said.lines().collect();
    lines[..2].sort_unstable();
    assert_eq!(lines, ["one stops true", "two stops true", "completed 2 of 2", "live 0"]);
}

#[test]
fn nothing_starts_any_more_in_whatever_way_and_each_is_counted_as_rejected() {
    let said = says("refuses");
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[0].ends_with(
            "was refused: the process is shutting down: finish what must be with `routine::shield`, or in a later phase"
        ),
        "{said}"
    );
    assert_eq!(lines[1..], ["members run Some(3)", "ran 0, rejected 11", "started 2, ended 2", "hooks 1"], "{said}");
}

#[test]
fn a_start_that_nobody_asks_about_is_reported_as_refused_and_one_that_is_awaited_is_not() {
    let output = run("refuses");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches(" was refused: ").count(), 1, "{said}");
}

#[test]
fn a_later_phase_goes_on_and_starts_others_until_it_is_asked() {
    assert_eq!(says("goes_on"), "handler stops\nwriter stops, asked true\n");
}

#[test]
fn what_does_not_stop_is_ended_at_its_await_and_named_and_what_never_awaits_is_named_as_left() {
    let said = says("stragglers");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines[..7],
        [
            "ignores is dropped",
            "ignores true false",
            "sleeps false true",
            "spins false false",
            "yields true false",
            "did not stop 4, left 2",
            "cancelled 2",
        ],
        "{said}"
    );
    let report = lines[7];
    for part in [
        "2 ended, 4 did not stop",
        "`ignores` #",
        "aborted; `sleeps` #",
        " running on a blocking thread ",
        "ends.rs:",
        "still there",
    ] {
        assert!(report.contains(part), "{part} in {report}");
    }
}

#[test]
fn phases_are_asked_in_their_order_and_inherited() {
    assert_eq!(says("phases"), "first is asked\nsecond is asked\nthird is asked\nlast is asked\n");
}

#[test]
fn one_that_hangs_leaves_the_phases_behind_it_their_time() {
    assert_eq!(says("time_of_phases"), "flushed\ndid not stop 1, left 0\n");
}

#[test]
fn what_is_shielded_is_not_refused_outlives_whoever_waits_and_is_waited_for() {
    assert_eq!(says("shield"), "committed\nclean true\n");
}

#[test]
fn pools_take_nothing_new_and_run_what_they_took_those_of_a_later_phase_later() {
    let lines = says_in_any_order("pools");
    assert_eq!(
        lines,
        [
            "a pool of a later phase takes true",
            "clean true",
            "closed true",
            "drained, asked true",
            "then it is closed true",
        ]
    );
}

#[test]
fn what_hangs_in_pools_and_groups_is_ended_before_whoever_waits_for_it() {
    let lines = says_in_any_order("drain_first");
    assert_eq!(
        lines,
        [
            "did not stop 2, the job among them true, left 0",
            "routine `drain_first` was cancelled since the process is shutting down",
            "routine `the body of a group` failed: routine `drain_first` was cancelled since the process is shutting down",
            "the owner ends",
            "the submitter ends",
        ]
    );
}

#[test]
fn a_group_of_whose_members_the_shutdown_ended_some_does_not_say_that_all_went_well() {
    assert_eq!(
        says("cut"),
        "did not stop 3, left 0\n\
         routine `hangs` was cancelled since the process is shutting down\n\
         routine `hangs` was cancelled since the process is shutting down\n\
         routine `hangs` was cancelled since the process is shutting down\n"
    );
}

#[test]
fn whoever_comes_to_an_end_after_his_members_were_ended_may_start_others() {
    let said = says("cleans_up");
    let lines: Vec<_> = said.lines().skip(1).collect();
    assert_eq!(lines, ["cleaned up 3", "did not stop 1, left 0"], "{said}");
}

#[test]
fn what_cannot_be_ended_is_told_of_once_and_takes_no_time_from_later_phases() {
    assert_eq!(says("left_once"), "took half the time false\ndid not stop 1, left 1\nnamed 1\n");
}

#[test]
fn what_is_left_of_a_phase_has_the_time_that_no_other_needs_and_so_has_main() {
    assert_eq!(says("late_ends"), "the blocking work ends\nmain ends\nflushed\ndid not stop 1, left 0\n");
}

#[test]
fn what_is_of_a_later_phase_may_start_others_to_the_last() {
    assert_eq!(says("dropped_later"), "it has run\ndid not stop 0, left 0\n");
}

#[test]
fn the_items_of_a_map_say_that_the_shutdown_ended_them_and_a_job_of_a_pool_that_was_gone_before_does_not() {
    let lines = says_in_any_order("reasons");
    assert_eq!(lines, ["Some(Shutdown)", "Some(Shutdown)", "did not stop 2, left 0", "gone before None"]);
}

#[test]
fn what_runs_in_place_in_a_member_is_named_beside_it() {
    assert_eq!(says("in_place"), "did not stop 2, left 0\ntrue\n");
}

#[test]
fn the_oldest_are_named_however_many_jobs_do_not_stop() {
    assert_eq!(says("oldest"), "did not stop 101, left 0\nfirst of 64, true\n");
}

#[test]
fn what_a_value_starts_that_is_dropped_with_its_last_routine_is_refused() {
    assert_eq!(says("dropped_value"), "did not stop 0, left 0\nrefused true\n");
}

#[test]
fn no_time_at_all_ends_jobs_and_members_too() {
    let said = says("no_time");
    assert_eq!(said, "took long false, live 0\ntrue true\n");
}

#[test]
fn what_waits_in_a_blocking_pool_behind_a_closure_that_does_not_stop_never_runs() {
    assert_eq!(says("blocking_pool"), "did not stop 2, left 1\ncancelled true\n");
}

#[test]
fn schedules_begin_nothing_more_and_what_waits_for_its_time_is_cancelled() {
    let lines = says_in_any_order("schedules");
    assert_eq!(
        lines,
        [
            "Some(Shutdown)",
            "clean true, runs 1",
            "rejected true",
            "the process is shutting down, and begins no more runs",
            "the run stops",
        ]
    );
}

#[test]
fn the_children_of_a_supervisor_stop_in_reverse_as_it_asks_them() {
    let said = says("supervisor");
    let lines: Vec<_> = said.lines().collect();
    let stops = |name: &str| format!("{name} stops Some(Requested(None))");
    assert_eq!(lines, [&*stops("third"), &*stops("second"), &*stops("first"), "clean true, children 0"]);
}

#[test]
fn what_hangs_when_it_is_dropped_holds_up_nobody() {
    assert_eq!(says("drops"), "took long false, did not stop 2\n");
}

#[test]
fn who_asks_in_a_scope_outside_any_routine_does_not_wait_for_himself() {
    assert_eq!(says("scope"), "clean true\n");
}

#[test]
fn members_that_wait_for_their_turn_never_have_it() {
    assert_eq!(says("queued"), "did not stop 3, left 0\ntrue true\n");
}

#[test]
fn a_job_of_a_pool_may_wait_for_the_shutdown() {
    assert_eq!(says("job"), "did not stop 1, left 0\n");
}

#[test]
fn a_child_that_does_not_stop_is_named_beside_its_supervisor() {
    assert_eq!(says("child"), "[\"hangs\", \"shop\"], left 0\n");
}

#[test]
fn the_records_come_before_the_callbacks() {
    let said = says("order");
    assert!(said.contains("1 routines did not stop"), "{said}");
    assert!(said.ends_with("flushed\n"), "{said}");
}

#[test]
fn a_process_has_one_shutdown_and_whoever_calls_again_gets_the_same_report() {
    assert_eq!(says("twice"), "same true\nafter true\n");
}

#[test]
fn whoever_waits_for_the_shutdown_is_neither_waited_for_nor_ended() {
    assert_eq!(says("caller"), "clean false\nagain true\n");
}

#[test]
fn routines_that_start_and_end_in_every_way_meanwhile_are_counted_once_and_their_hooks_pair() {
    assert_eq!(says("books"), "balanced true\n");
}

#[test]
fn of_a_thousand_that_do_not_stop_some_are_named() {
    assert_eq!(says("bounded"), "named 64 of 1000, left 0\ntrue\n");
}

#[test]
fn the_longest_deadline_is_none() {
    assert_eq!(says("no_deadline"), "one stops true\nclean true\n");
}
