//! The generated programs. Both have tokio's runtime of many threads, as services do: tokio compiles each task for every
//! kind of runtime that it has.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const SITES: usize = 300;
/// Sites in one module, as a program has them.
const MODULE: usize = 30;

/// A program that starts background work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Bare,
    Routines,
}

impl Program {
    pub(super) const ALL: [Self; 2] = [Self::Bare, Self::Routines];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Routines => "routines",
        }
    }

    fn folder(self, root: &Path) -> PathBuf {
        root.join(self.name())
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

    /// The sites of one file, the first of them with that limit.
    fn write_module(self, root: &Path, first: usize, limit: usize) {
        let mut module = String::new();
        if self == Self::Routines {
            module += "use routine::{prelude::*, routine};\n";
        }
        module += "use crate::work::{Error, note, step};\n";
        for number in first..first + MODULE {
            module += &self.site(number, if number == first { limit } else { number });
        }
        write(&self.folder(root).join(format!("src/sites_{first}.rs")), &module);
    }

    /// Changes one body, in a line that both programs have.
    pub(super) fn edit(self, root: &Path, limit: usize) {
        self.write_module(root, 0, limit);
    }

    /// A program of nothing, which has the same dependencies.
    pub(super) fn write_empty(self, root: &Path) {
        fs::create_dir_all(self.folder(root).join("src")).expect("a folder in a temporary folder");
        let routine = match self {
            Self::Bare => String::new(),
            Self::Routines => format!("routine = {{ path = '{}' }}\n", env!("CARGO_MANIFEST_DIR")),
        };
        let manifest = format!(
            "[package]\nname = '{}'\nedition = '2024'\n\n[dependencies]\n{routine}[dependencies.tokio]\nversion = '1'\n\
             default-features = false\nfeatures = ['rt-multi-thread', 'time', 'sync']\n",
            self.name()
        );
        write(&self.folder(root).join("Cargo.toml"), &manifest);
        write(&self.folder(root).join("src/main.rs"), "fn main() {}\n");
    }

    pub(super) fn write(self, root: &Path) {
        let mut main = String::from("mod work;\n");
        for first in (0..SITES).step_by(MODULE) {
            self.write_module(root, first, 0);
            writeln!(main, "mod sites_{first};").expect("a string takes all");
        }
        main += "fn main() {\n    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();\n    let _inside = runtime.enter();\n";
        for number in 0..SITES {
            writeln!(main, "    sites_{}::start_{number}({number});", number / MODULE * MODULE)
                .expect("a string takes all");
        }
        write(&self.folder(root).join("src/main.rs"), &(main + "}\n"));
        write(&self.folder(root).join("src/work.rs"), WORK);
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

pub(super) fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
