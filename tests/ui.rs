//! Every mistake makes one error, in the user's code, that names the fix; and what is right compiles without a lint.
//!
//! Each file of the folder `ui` holds one mistake, and says in its first lines how many errors there are, what the first one
//! says where the text is ours, and also shows in its labels and notes, and the line and column that it points at. The
//! compiler's own texts are not compared, so a new compiler does not break this. The files of `ui/pass` compile, in each edition
//! that they name, under all of clippy's lints that they deny themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a case says of itself.
#[derive(Debug, Default)]
struct Expected {
    errors: usize,
    says: Option<String>,
    shows: Option<String>,
    at: (u64, u64),
}

/// An error of the compiler.
#[derive(Debug)]
struct Found {
    says: String,
    /// All of it, as the compiler prints it.
    shows: String,
    at: (u64, u64),
}

fn expected(source: &str) -> Expected {
    let mut expected = Expected::default();
    for line in source.lines().filter_map(|line| line.strip_prefix("//@ ")) {
        match line.split_once(": ").expect("a key and a value") {
            ("errors", count) => expected.errors = count.parse().expect("a number"),
            ("says", text) => expected.says = Some(text.to_owned()),
            ("shows", text) => expected.shows = Some(text.to_owned()),
            ("at", place) => {
                let (line, column) = place.split_once(':').expect("line and column");
                expected.at = (line.parse().expect("a line"), column.parse().expect("a column"));
            }
            (key, _) => panic!("unknown key {key}"),
        }
    }
    expected
}

/// A case, by the name of its file.
#[derive(Debug)]
struct Case {
    name: String,
    path: PathBuf,
    source: String,
}

impl Case {
    /// The cases of a folder, in their order.
    fn all(folder: &Path) -> Vec<Self> {
        let files = std::fs::read_dir(folder).expect("the folder of cases").map(|file| file.expect("a file").path());
        let mut cases: Vec<Self> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| Self {
                name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
                source: std::fs::read_to_string(&path).expect("a case"),
                path,
            })
            .collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        cases
    }

    /// Those that it is compiled in.
    fn editions(&self) -> impl Iterator<Item = &str> {
        let named = self.source.lines().find_map(|line| line.strip_prefix("//@ edition: "));
        named.unwrap_or("2024").split(", ")
    }

    fn is_renamed(&self) -> bool {
        self.source.lines().any(|line| line == "//@ renamed")
    }
}

/// A package with a binary for every edition of a case, that knows our crate under some name.
fn package<'a>(folder: &Path, krate: &str, cases: impl IntoIterator<Item = &'a Case>) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut manifest = format!(
        "[package]\nname = \"ui\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         {krate} = {{ package = \"routine\", path = \"{}\" }}\n\
         tokio = {{ version = \"1\", features = [\"rt\", \"macros\", \"time\"] }}\n",
        tests.join("../routine").display()
    );
    for case in cases {
        for (number, edition) in case.editions().enumerate() {
            let name = if number == 0 { case.name.clone() } else { format!("{}_{edition}", case.name) };
            let _ = write!(
                manifest,
                "\n[[bin]]\nname = \"case_{name}\"\npath = \"{}\"\nedition = \"{edition}\"\n",
                case.path.display()
            );
        }
    }
    std::fs::create_dir_all(folder).expect("a folder for the package");
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the manifest");
    // The versions that the workspace was built with, which are on this machine.
    std::fs::copy(tests.join("../Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
}

/// The place in the case, of a span that may lie in the definition of a macro that the case calls.
fn in_case(mut span: Value) -> Value {
    while !span["file_name"].as_str().is_some_and(|file| file.contains("tests/ui/")) {
        let call = span["expansion"]["span"].take();
        if call.is_null() {
            break;
        }
        span = call;
    }
    span
}

/// Whether the linter is on this machine.
fn has_clippy() -> bool {
    Command::new(env!("CARGO")).args(["clippy", "--version"]).output().is_ok_and(|output| output.status.success())
}

/// Checks the package, and gives the errors of each case.
fn check(folder: &Path, command: &str) -> BTreeMap<String, Vec<Found>> {
    let output = Command::new(env!("CARGO"))
        .args([command, "--offline", "--keep-going", "--bins", "--message-format=json", "--quiet"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("target"))
        .env_remove("RUSTFLAGS")
        .stderr(Stdio::null())
        .output()
        .expect("cargo runs");
    let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if message["reason"] != "compiler-message" || message["message"]["level"] != "error" {
            continue;
        }
        let target = message["target"]["name"].as_str().unwrap_or_default();
        let name = target.strip_prefix("case_").unwrap_or(target).to_owned();
        let spans = message["message"]["spans"].as_array().cloned().unwrap_or_default();
        // The closing "aborting due to" has no place.
        if let Some(span) = spans.into_iter().find(|span| span["is_primary"] == true).map(in_case) {
            let at = (span["line_start"].as_u64().unwrap_or(0), span["column_start"].as_u64().unwrap_or(0));
            let says = message["message"]["message"].as_str().unwrap_or_default().to_owned();
            let shows = message["message"]["rendered"].as_str().unwrap_or_default().to_owned();
            found.entry(name).or_default().push(Found { says, shows, at });
        }
    }
    found
}

#[test]
fn every_mistake_makes_one_error_that_names_the_fix() {
    let cases = Case::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui"));
    assert!(cases.len() >= 104, "some cases are gone");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes");
    package(&folder, "routine", &cases);
    let found = check(&folder, "check");
    let mut wrong = String::new();
    for Case { name, source, .. } in &cases {
        let expected = expected(source);
        let errors = found.get(name).map_or(&[][..], Vec::as_slice);
        let right = errors.len() == expected.errors
            && errors.iter().all(|error| {
                error.at == expected.at
                    && expected.says.as_ref().is_none_or(|says| error.says.contains(says.as_str()))
                    && expected.shows.as_ref().is_none_or(|shows| error.shows.contains(shows.as_str()))
            });
        if !right {
            let _ = writeln!(wrong, "{name}: expected {expected:?}, found {errors:#?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_right_compiles_without_a_lint() {
    let cases = Case::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/pass"));
    assert!(cases.len() >= 11, "some cases are gone");
    let command = if has_clippy() { "clippy" } else { "check" };
    for (folder, krate, renamed) in [("named", "routine", false), ("renamed", "other", true)] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        package(&folder, krate, cases.iter().filter(|case| case.is_renamed() == renamed));
        let found = check(&folder, command);
        assert!(found.is_empty(), "{found:#?}");
    }
}
