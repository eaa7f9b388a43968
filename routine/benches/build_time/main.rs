//! The time to build 300 places that start routines, over the time to build 300 that start the same bodies by a bare
//! `tokio::spawn`: two generated programs, built in turn, the shortest of some builds each. What they depend on is built
//! before, from what cargo has already, without the network. It takes some ten minutes.
//!
//! The time is the processor's where the system tells it (Linux), since a build lasts long enough for others to want the
//! same cores; elsewhere it is the clock's, with one job.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use figure::{Bound, Table, beside};
use program::{Program, write};

#[path = "../figure/mod.rs"]
mod figure;
mod program;

const BUILDS: usize = 3;

/// What is measured.
#[derive(Clone, Copy)]
struct Case {
    profile: &'static str,
    /// Of one body, with what was compiled before at hand.
    after_an_edit: bool,
}

/// Both programs in one workspace, in a temporary folder that goes with this.
struct Workspace {
    root: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let root = env::temp_dir().join(format!("routine-build-time-{}", std::process::id()));
        for program in Program::ALL {
            program.write_empty(&root);
        }
        write(&root.join("Cargo.toml"), "[workspace]\nresolver = '3'\nmembers = ['bare', 'routines']\n");
        // The versions that cargo has already.
        let locked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(locked, root.join("Cargo.lock")).expect("the workspace's lock file");
        Self { root }
    }

    fn build(&self, program: Program, case: Case) -> Duration {
        let start = (children(), Instant::now());
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--jobs", "1", "--package", program.name()])
            .args(["--profile", case.profile])
            .args(["--target-dir", if case.after_an_edit { "target-incremental" } else { "target" }])
            .env("CARGO_INCREMENTAL", if case.after_an_edit { "1" } else { "0" })
            .current_dir(&self.root)
            .status()
            .expect("cargo starts");
        assert!(status.success(), "the generated program builds");
        match (start, children()) {
            ((Some(before), _), Some(after)) => after.saturating_sub(before),
            ((_, start), _) => start.elapsed(),
        }
    }

    /// The shortest of some builds of both programs in turn.
    fn shortest(&self, case: Case) -> [f64; 2] {
        for program in Program::ALL {
            program.write_empty(&self.root);
            self.build(program, case);
            program.write(&self.root);
            if case.after_an_edit {
                self.build(program, case);
            }
        }
        let mut shortest = [Duration::MAX; 2];
        for round in 1..=BUILDS {
            for (shortest, program) in shortest.iter_mut().zip(Program::ALL) {
                program.edit(&self.root, round);
                *shortest = self.build(program, case).min(*shortest);
            }
        }
        shortest.map(|time| time.as_secs_f64())
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            eprintln!("{} stays: {error}", self.root.display());
        }
    }
}

/// The processor time of the children that have ended, in steps of 10 ms, as Linux tells it.
fn children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // After the name, which may hold anything, `cutime` and `cstime` are the 14th and 15th field.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: Vec<u64> = fields.split(' ').skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    Some(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
}

fn main() -> ExitCode {
    let workspace = Workspace::new();
    let mut table = Table::new();
    let mut row = |what: &str, case: Case, bound: Bound| {
        let [bare, routines] = workspace.shortest(case);
        table.guarded(&format!("build time over bare, {what}"), routines / bare, bound);
        beside("seconds, bare", bare);
        beside("seconds, routines", routines);
    };
    let dev = Case { profile: "dev", after_an_edit: false };
    row("dev", dev, Bound { goal: 0.12, guard: 0.25 });
    row("dev, after an edit", Case { after_an_edit: true, ..dev }, Bound { goal: 0.08, guard: 0.25 });
    row("release", Case { profile: "release", ..dev }, Bound { goal: 1.2, guard: 1.5 });
    table.end()
}
