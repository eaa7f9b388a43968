//! What the command line asks for.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

pub(crate) const HELP: &str = "\
usage: hash_tree [--watch] [--at-once N] [FOLDER]

  FOLDER        the folder to hash; default: the sources of this repository
  --watch       print the tree of live routines while it runs
  --at-once N   files that are open at once, 1 to 10000; default: 64
  --help        print this";

pub(crate) struct Args {
    pub(crate) folder: PathBuf,
    pub(crate) watch: bool,
    pub(crate) at_once: usize,
}

/// A command line that says nothing we know.
pub(crate) struct ArgsError(String);

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Args {
    /// `None` where only help was asked for.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Option<Self>, ArgsError> {
        let mut words = words;
        let mut folder = None;
        let mut args = Self { folder: own_sources(), watch: false, at_once: 64 };
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--help" | "-h") => return Ok(None),
                Some("--watch") => args.watch = true,
                Some("--at-once") => {
                    let number = words.next().and_then(|word| word.to_str().and_then(|word| word.parse().ok()));
                    args.at_once = number
                        .filter(|number| (1..=10_000).contains(number))
                        .ok_or_else(|| ArgsError("`--at-once` needs a number from 1 to 10000".to_owned()))?;
                }
                Some(option) if option.starts_with("--") => {
                    return Err(ArgsError(format!("unknown option `{option}`")));
                }
                _ if folder.is_some() => return Err(ArgsError("only one folder can be hashed at a time".to_owned())),
                _ => folder = Some(PathBuf::from(word)),
            }
        }
        if let Some(folder) = folder {
            args.folder = folder;
        }
        Ok(Some(args))
    }
}

/// The repository that this example is part of.
fn own_sources() -> PathBuf {
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    examples.parent().map(PathBuf::from).unwrap_or(examples)
}
