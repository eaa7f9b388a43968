//! The table that a bench prints: each figure with its goal and its guard, beyond which the bench fails.

use std::fmt;
use std::process::ExitCode;

/// What a figure is to be.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    pub(crate) goal: f64,
    pub(crate) guard: f64,
}

/// The figures of one bench, printed as they come.
pub(crate) struct Table {
    passed: usize,
    failed: usize,
}

/// A number with as many digits as mean something.
struct Digits(f64);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0.fract() == 0.0 || self.0.abs() >= 1000.0 { 0 } else { 2 };
        f.pad(&format!("{:.digits$}", self.0))
    }
}

impl Table {
    pub(crate) fn new() -> Self {
        println!("{:<56} {:>9} {:>7} {:>7}", "", "measured", "goal", "guard");
        Self { passed: 0, failed: 0 }
    }

    /// A figure that fails the bench beyond its guard.
    pub(crate) fn guarded(&mut self, what: &str, figure: f64, bound: Bound) {
        let fails = figure > bound.guard;
        self.passed += usize::from(!fails);
        self.failed += usize::from(fails);
        let verdict = if fails { "  TOO MUCH" } else { "" };
        println!("{what:<56} {:>9} {:>7} {:>7}{verdict}", Digits(figure), Digits(bound.goal), Digits(bound.guard));
    }

    pub(crate) fn end(&self) -> ExitCode {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A figure to read beside the others.
pub(crate) fn beside(what: &str, figure: f64) {
    println!("{what:<56} {:>9}", Digits(figure));
}
