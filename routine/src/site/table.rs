//! A table that only grows, whose rows are read without a lock.
//!
//! Row `n`, from 1, lies in bucket `log2(n)`, which has as many places as its first row's number: a bucket is made when its
//! first row is, and never moves.

use std::sync::OnceLock;

use super::Origin;

/// Rows at most: a slot keeps four bits of their number for itself.
const MOST: u32 = u32::MAX >> 4;
const BUCKETS: usize = MOST.ilog2() as usize + 1;

pub(super) struct Table {
    buckets: [OnceLock<Box<[OnceLock<Origin>]>>; BUCKETS],
}

impl Table {
    pub(super) const fn new() -> Self {
        Self { buckets: [const { OnceLock::new() }; BUCKETS] }
    }

    pub(super) fn get(&self, number: u32) -> Option<&Origin> {
        let (bucket, place) = place(number)?;
        self.buckets.get(bucket)?.get()?.get(place)?.get()
    }

    /// Fills the row of a number that was never filled; what does not fit is left out.
    pub(super) fn set(&self, number: u32, row: Origin) {
        let Some((bucket, place)) = place(number) else { return };
        let Some(rows) = self.buckets.get(bucket) else { return };
        let rows = rows.get_or_init(|| (0..1_usize << bucket).map(|_| OnceLock::new()).collect());
        if let Some(empty) = rows.get(place) {
            empty.get_or_init(|| row);
        }
    }
}

fn place(number: u32) -> Option<(usize, usize)> {
    let bucket = number.checked_ilog2()?;
    Some((bucket as usize, (number - (1 << bucket)) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: u32) -> Origin {
        Origin { name: "row", module: "", file: "", line, source: "" }
    }

    #[test]
    fn a_row_stays_what_it_was() {
        let table = Table::new();
        for number in (1..=5_000).rev() {
            table.set(number, row(number));
        }
        table.set(77, row(1));
        assert!((1..=5_000).all(|number| table.get(number).unwrap().line == number));
        assert!(table.get(0).is_none() && table.get(9_000).is_none() && table.get(u32::MAX).is_none());
        table.set(u32::MAX, row(1));
        assert!(table.get(u32::MAX).is_none());
    }
}
