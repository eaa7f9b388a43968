//! What the guides point at is there.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The guides and the README, each with its text.
fn guides() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let guides: Vec<_> = pages.chain([root().join("README.md")]).map(|path| (path.clone(), text(&path))).collect();
    assert!(guides.len() > 5, "{guides:?}");
    guides
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_link_between_the_guides_leads_to_a_file() {
    let mut links = 0;
    for (path, text) in guides() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            if target.starts_with("http") {
                continue;
            }
            let target = target.split_once('#').map_or(target, |(file, _)| file);
            assert!(path.parent().unwrap().join(target).exists(), "{}: {target}", path.display());
            links += 1;
        }
    }
    assert!(links >= 10, "{links}");
}

#[test]
fn every_test_that_the_guide_from_go_names_exists() {
    let guide = text(&root().join("docs/from-go.md"));
    let (_, tables) = guide.split_once("## Where the cases of Go's tests are").expect("the tables of cases");
    assert!(tests_in(tables) >= 30);
}

#[test]
fn every_test_that_the_cases_of_peers_name_exists() {
    assert!(tests_in(&text(&root().join("docs/peer-cases.md"))) >= 150);
}

/// How many tests the last columns of tables name, all of which exist.
fn tests_in(tables: &str) -> usize {
    let (mut file, mut tests) = (String::new(), 0);
    // Names in code: a file's, then those of its tests.
    for row in tables.lines().filter_map(|line| line.rsplit_once(" | ").map(|(_, here)| here.trim_end_matches(" |"))) {
        for name in row.split('`').skip(1).step_by(2) {
            if let Some(path) =
                [format!("tests/it/{name}.rs"), name.to_owned()].iter().find(|path| root().join(path).is_file())
            {
                file.clone_from(path);
                continue;
            }
            assert!(text(&root().join(&file)).contains(&format!("fn {name}(")), "{file}: {name}");
            tests += 1;
        }
    }
    tests
}
