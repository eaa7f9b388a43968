//! What becomes of `main` and its process under `run`, and of one that gets signals.

use std::process::{Command, Output};

const FIXTURE: &str = env!("CARGO_BIN_EXE_shutdown");

fn run(way: &str) -> Output {
    Command::new(FIXTURE).arg(way).output().expect("it was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_main_started_is_waited_for_and_main_gives_what_it_gave() {
    let output = run("returns");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "waited for\nflushed\nErr(\"main fails\")\n");
}

#[test]
fn a_panic_of_main_goes_on_after_the_shutdown() {
    let output = run("panics");
    assert_eq!(output.status.code(), Some(101));
    assert_eq!(text(&output.stdout), "waited for\nflushed\n");
}

#[test]
fn a_runtime_of_ones_own_ends_without_waiting_for_blocking_work_that_is_no_routine() {
    let output = run("block_on");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "waited for\nflushed\n42\n");
}

#[test]
fn the_process_is_ended_around_what_does_not_end_when_main_has_returned() {
    let output = run("left_by_main");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "flushed\n");
    let said = text(&output.stderr);
    assert!(
        said.contains("3 did not stop: `ignores` #") && said.contains("`sleeps` #") && said.contains("`spins` #"),
        "{said}"
    );
}

#[test]
fn a_failure_that_must_not_be_may_end_the_process_in_order() {
    let output = run("graceful");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "server stops\nflushed\n");
    assert_eq!(text(&output.stderr).matches("failed: the port is taken").count(), 1, "{}", text(&output.stderr));
}

#[test]
fn such_a_failure_ends_the_process_also_where_main_returns_in_time() {
    let output = run("graceful_main");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.ends_with("flushed\n") && said.contains("main stops true\n"), "{said}");
}

#[test]
fn a_hook_that_hangs_before_an_orderly_end_does_not_keep_the_process() {
    let output = run("hook");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("running the after-hooks did not end within 400ms"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn the_run_of_a_schedule_may_end_the_process_in_order() {
    let output = run("run_of_a_schedule");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "server stops\n");
}

#[test]
fn inside_a_routine_it_does_not_wait_for_itself() {
    let output = run("inside");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "7\n");
}

#[cfg(unix)]
mod signals {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
    use std::time::{Duration, Instant};

    use super::FIXTURE;

    /// How long a process may take whose deadline is 400 ms, on a machine that is busy.
    const SOON: Duration = Duration::from_secs(10);

    struct Service {
        process: Child,
        said: BufReader<ChildStdout>,
    }

    impl Service {
        /// Starts a way, and waits until it says that it is ready.
        fn start(arguments: &[&str]) -> Self {
            let mut command = Command::new(FIXTURE);
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut process = command.spawn().expect("it was built");
            let mut said = BufReader::new(process.stdout.take().expect("it is piped"));
            let mut line = String::new();
            said.read_line(&mut line).expect("it speaks");
            assert_eq!(line, "ready\n");
            Self { process, said }
        }

        fn signal(&self, name: &str) {
            let kill = format!("kill -{name} {}", self.process.id());
            assert!(Command::new("sh").args(["-c", &kill]).status().expect("there is a shell").success());
        }

        /// How it ended, and what it said. One that does not end is killed.
        fn end(mut self) -> (ExitStatus, String, String) {
            let begun = Instant::now();
            let status = loop {
                if let Some(status) = self.process.try_wait().expect("it is our child") {
                    break status;
                }
                if begun.elapsed() > SOON {
                    self.process.kill().expect("it is our child");
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            let (mut out, mut err) = (String::new(), String::new());
            self.said.read_to_string(&mut out).expect("it was text");
            self.process.stderr.take().expect("it is piped").read_to_string(&mut err).expect("it was text");
            (status, out, err)
        }
    }

    #[test]
    fn a_signal_shuts_down_in_order_and_main_returns() {
        for name in ["TERM", "INT"] {
            let service = Service::start(&["service"]);
            service.signal(name);
            let (status, out, err) = service.end();
            assert_eq!(status.code(), Some(0), "{err}");
            let mut lines: Vec<_> = out.lines().collect();
            lines[..2].sort_unstable();
            assert_eq!(lines, ["main stops", "server stops", "flushed", "served true"]);
        }
    }

    #[test]
    fn main_that_does_not_return_after_a_signal_is_told_so_and_the_process_ends_with_its_code() {
        let service = Service::start(&["hangs"]);
        service.signal("TERM");
        let (status, out, err) = service.end();
        assert_eq!(status.code(), Some(143), "{err}");
        assert_eq!(out, "flushed\n");
        assert!(err.contains("`main` did not return after the shutdown: await `routine::cancelled` in it"), "{err}");
    }

    #[test]
    fn a_second_signal_ends_the_process_at_once_with_its_code() {
        let service = Service::start(&["hangs", "for a minute"]);
        service.signal("TERM");
        service.signal("INT");
        let (status, out, _) = service.end();
        // Two that come together may be heard in either order.
        assert!(matches!(status.code(), Some(130 | 143)), "{status}");
        assert_eq!(out, "");
    }

    #[test]
    fn a_log_that_nobody_reads_delays_neither_signal_nor_end() {
        let service = Service::start(&["log"]);
        service.signal("TERM");
        let (status, _, _) = service.end();
        assert_eq!(status.code(), Some(143), "{status}");
    }

    #[test]
    fn main_may_ask_for_the_report_itself() {
        let service = Service::start(&["main_asks"]);
        service.signal("TERM");
        let (status, out, err) = service.end();
        assert_eq!(status.code(), Some(0), "{err}");
        assert_eq!(out, "clean true\n");
    }

    #[test]
    fn a_runtime_that_is_blocked_delays_neither_signal_nor_deadline() {
        let service = Service::start(&["blocked"]);
        service.signal("TERM");
        let (status, out, err) = service.end();
        assert_eq!(status.code(), Some(143), "{err}");
        assert_eq!(out, "flushed\n");
        assert!(err.contains("1 did not stop: `spins` #"), "{err}");
    }

    #[test]
    fn what_ignores_the_signal_what_blocks_and_what_spins_is_named_and_the_process_ends_in_time() {
        let service = Service::start(&["left"]);
        let begun = Instant::now();
        service.signal("INT");
        let (status, out, err) = service.end();
        assert!(begun.elapsed() < SOON);
        assert_eq!(status.code(), Some(130), "{err}");
        assert_eq!(out, "flushed\n");
        for straggler in ["`ignores` #", "`sleeps` #", "`spins` #"] {
            assert!(err.contains(straggler), "{err}");
        }
    }
}
