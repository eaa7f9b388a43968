//! Two things measured in turn, and the ratio of each pair: machines differ and are noisy, pairs less so.

use std::time::Duration;

/// The median of the ratios of `pairs` pairs, and their quartiles.
pub(crate) struct Ratios {
    pub(crate) lower: f64,
    pub(crate) median: f64,
    pub(crate) upper: f64,
}

impl Ratios {
    /// Measures `base` and then `other`, `pairs` times, after each once to warm up.
    pub(crate) fn measure(
        pairs: usize,
        mut base: impl FnMut() -> Duration,
        mut other: impl FnMut() -> Duration,
    ) -> Self {
        base();
        other();
        Self::of((0..pairs).map(|_| base()).map(|base| other().as_secs_f64() / base.as_secs_f64()).collect())
    }

    pub(crate) fn of(mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        let at = |quarter: usize| ratios[(ratios.len() - 1) * quarter / 4];
        Self { lower: at(1), median: at(2), upper: at(3) }
    }
}
