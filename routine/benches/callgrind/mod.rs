//! Instructions, counted exactly by callgrind: two runs of this program, one with more batches than the other, so that the
//! difference leaves out what a process does once.

use std::env;
use std::process::Command;

const FEW: u64 = 2;
const MANY: u64 = 8;

/// The instructions of one of the `size` things in a batch, where the program runs that many batches if it is called with
/// `arguments` and a number. `None` where there is no valgrind.
pub(crate) fn instructions(arguments: &[&str], size: u64) -> Option<f64> {
    let few = count(arguments, FEW)?;
    let many = count(arguments, MANY)?;
    #[allow(clippy::cast_precision_loss, reason = "instructions of a few seconds are far below 2^52")]
    Some((many - few) as f64 / ((MANY - FEW) * size) as f64)
}

fn count(arguments: &[&str], batches: u64) -> Option<u64> {
    let program = env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .arg(batches.to_string())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.unwrap_or_else(|| panic!("callgrind counted nothing: {text}"));
    Some(count.trim().parse().expect("callgrind prints a number"))
}
