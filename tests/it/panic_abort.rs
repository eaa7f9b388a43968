//! With `panic = "abort"` nothing is caught, and still the record is written before the process ends.

use std::path::Path;
use std::process::Command;

use routine_tests::run;

const FIXTURE: &str = env!("CARGO_BIN_EXE_panic_abort");

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The fixture, built again so that a panic aborts: a profile is a whole build's, and the tests themselves must unwind.
fn aborting() -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panic-abort");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--offline", "--quiet", "--package", "routine-tests", "--bin", "panic_abort", "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .envs([("CARGO_PROFILE_DEV_PANIC", "abort"), ("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", text(&built.stderr));
    let name = Path::new(FIXTURE).file_name().expect("a program has a name");
    target.join("debug").join(name).to_str().expect("the folder's path is text").to_owned()
}

#[test]
fn a_panic_that_aborts_tells_name_trace_and_message_first() {
    let output = run(&aborting());
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(output.status.signal(), Some(6), "{output:?}");
    }
    assert!(!output.status.success());

    let (said, told) = (text(&output.stdout), text(&output.stderr));
    let (trace, rest) = said.split_once('\n').expect("the routine ran");
    assert_eq!(rest, "the application's hook\n", "it runs, and neither after-hooks nor callbacks do");
    let record = told.lines().next().unwrap_or_default();
    assert!(record.starts_with("routine `import` panicked at tests/src/bin/panic_abort.rs:6:5: no files, "), "{told}");
    assert!(record.contains(&format!(", routine.id=1, routine.trace={trace}, ")), "{told}");
    assert!(record.ends_with(", file=a.csv"), "{told}");
    assert!(told.contains("panic_abort::total"), "the stack that `recover` asks for: {told}");
}

#[test]
fn the_same_panic_where_it_unwinds_ends_only_the_routine() {
    let output = run(FIXTURE);
    assert!(output.status.success(), "{output:?}");
    let said = text(&output.stdout);
    assert!(said.contains("the application's hook\nafter panicked\nroutine `import` panicked at "), "{said}");
    assert_eq!(text(&output.stderr), "", "the record went to the subscriber");
}
