//! The time to build 300 places that start routines, over the time to build 300 that start the same bodies by a bare
//! `tokio::spawn`: two generated programs, built in turn, the shortest of some builds each. What they depend on is built
//! before, from what cargo has already, without the network.
//!
//! With one job: the ratio is one of work, not of how the work spreads over cores.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use figure::{Bound, Table, beside};

mod figure;

const SITES: usize = 300;
/// Sites in one module, as a program has them.
const MODULE: usize = 30;
const BUILDS: usize = 3;

/// A program that starts background work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Bare,
    Routines,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Routines => "routines",
        }
    }

    /// A function that starts the body of that number. The forms take turns, and so do the results.
    fn site(self, number: usize, limit: usize) -> String {
        let name = format!("start_{number}");
        let steps = number % 5 + 1;
        let body = format!(
            "let mut total = input;
        for part in 0..{steps} {{
            total += step(part, total).await?;
        }}
        if total > {limit} {{
            tokio::time::sleep(std::time::Duration::from_millis(total)).await;
        }}
        note(\"{name}\", total).await?;"
        );
        let (result, last) = if number % 2 == 0 { ("()", "Ok(())") } else { ("u64", "Ok(total)") };
        let result = format!("Result<{result}, Error>");
        let call = match (self, number % 3) {
            (Self::Bare, _) => format!("tokio::spawn(async move {{ {body} let end: {result} = {last}; end }});"),
            (Self::Routines, 0) => format!("routine! {{ {body} let end: {result} = {last}; end }};"),
            (Self::Routines, 1) => format!("routine::go(async move {{ {body} let end: {result} = {last}; end }});"),
            (Self::Routines, _) => {
                return format!("#[routine]\npub async fn {name}(input: u64) -> {result} {{ {body} {last} }}\n");
            }
        };
        format!("pub fn {name}(input: u64) {{ {call} }}\n")
    }

    /// Sites in a file. With another `limit` its first body is another, as after an edit.
    fn write_module(self, folder: &Path, first: usize, limit: usize) {
        let mut module = String::new();
        if self == Self::Routines {
            module += "use routine::{prelude::*, routine};\n";
        }
        module += "use crate::work::{Error, note, step};\n";
        for number in first..first + MODULE {
            module += &self.site(number, if number == first { limit } else { number });
        }
        write(&folder.join(format!("src/sites_{first}.rs")), &module);
    }

    fn write(self, root: &Path) {
        let folder = root.join(self.name());
        fs::create_dir_all(folder.join("src")).expect("a folder in a temporary folder");
        let library = env!("CARGO_MANIFEST_DIR");
        let routine = match self {
            Self::Bare => String::new(),
            Self::Routines => format!("routine = {{ path = '{library}' }}\n"),
        };
        let manifest = format!(
            "[package]\nname = '{}'\nedition = '2024'\n[dependencies]\ntokio = {{ version = '1', default-features = false, \
             features = ['rt', 'time', 'sync'] }}\n{routine}",
            self.name()
        );
        write(&folder.join("Cargo.toml"), &manifest);
        let mut main = String::from("mod work;\n");
        for first in (0..SITES).step_by(MODULE) {
            self.write_module(&folder, first, 0);
            writeln!(main, "mod sites_{first};").expect("a string takes all");
        }
        main += "fn main() {\n    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();\n    let _inside = runtime.enter();\n";
        for number in 0..SITES {
            writeln!(main, "    sites_{}::start_{number}({number});", number / MODULE * MODULE)
                .expect("a string takes all");
        }
        write(&folder.join("src/main.rs"), &(main + "}\n"));
        write(&folder.join("src/work.rs"), WORK);
    }
}

/// What the bodies call, the same in both programs.
const WORK: &str = "
pub type Error = std::io::Error;

pub async fn step(part: u64, total: u64) -> Result<u64, Error> {
    tokio::task::yield_now().await;
    Ok(part ^ total)
}

pub async fn note(name: &str, total: u64) -> Result<(), Error> {
    if total == 0 { Err(Error::other(name.to_owned())) } else { Ok(()) }
}
";

fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Both programs in one workspace, in a temporary folder that goes with this.
struct Workspace {
    root: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let root = env::temp_dir().join(format!("routine-build-time-{}", std::process::id()));
        for program in [Program::Bare, Program::Routines] {
            program.write(&root);
        }
        write(&root.join("Cargo.toml"), "[workspace]\nresolver = '3'\nmembers = ['bare', 'routines']\n");
        // The versions that cargo has already.
        let locked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        fs::copy(locked, root.join("Cargo.lock")).expect("the workspace's lock file");
        Self { root }
    }

    fn build(&self, program: Program, profile: &str, incremental: bool) -> Duration {
        let start = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--offline", "--jobs", "1", "--profile", profile, "--package", program.name()])
            .args(["--target-dir", if incremental { "target-incremental" } else { "target" }])
            .env("CARGO_INCREMENTAL", if incremental { "1" } else { "0" })
            .current_dir(&self.root)
            .status()
            .expect("cargo starts");
        assert!(status.success(), "the generated program builds");
        start.elapsed()
    }

    /// The shortest of some builds of both programs in turn, each after an edit.
    fn shortest(&self, profile: &str, incremental: bool) -> [Duration; 2] {
        let mut shortest = [Duration::MAX; 2];
        for round in 0..=BUILDS {
            for (shortest, program) in shortest.iter_mut().zip([Program::Bare, Program::Routines]) {
                program.write_module(&self.root.join(program.name()), 0, 1_000 + round);
                let time = self.build(program, profile, incremental);
                // The first build is that of all they depend on.
                if round > 0 {
                    *shortest = time.min(*shortest);
                }
            }
        }
        shortest
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            eprintln!("{} stays: {error}", self.root.display());
        }
    }
}

fn main() -> ExitCode {
    let workspace = Workspace::new();
    let mut table = Table::new();
    let mut row = |what: &str, profile: &str, incremental: bool, bound: Bound| {
        let [bare, routines] = workspace.shortest(profile, incremental).map(|time| time.as_secs_f64());
        table.guarded(&format!("build time over bare, {what}"), routines / bare, bound);
        beside("seconds, bare", bare);
        beside("seconds, routines", routines);
    };
    row("dev", "dev", false, Bound { goal: 0.12, guard: 0.25 });
    row("dev, after an edit", "dev", true, Bound { goal: 0.08, guard: 0.25 });
    row("release", "release", false, Bound { goal: 1.2, guard: 1.5 });
    table.end()
}
