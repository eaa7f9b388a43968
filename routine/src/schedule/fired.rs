//! Which instants of a calendar have fired, so that none does so twice when the clock is stepped back.

use std::time::SystemTime;

/// Spans that are kept apart. A new one begins where a clock was stepped or instants were missed, which is rare.
const SPANS: usize = 16;

/// Spans of instants that have fired, both ends included.
#[derive(Clone, Debug, Default)]
pub(super) struct Fired {
    spans: Vec<(SystemTime, SystemTime)>,
    /// Whether what fires next is the next after the end of the newest span.
    unbroken: bool,
}

impl Fired {
    /// Notes a row of instants. `next` says that they are the next after those that were noted before, unless something came
    /// between.
    pub(super) fn note(&mut self, first: SystemTime, last: SystemTime, next: bool) {
        match self.spans.last_mut() {
            Some((_, end)) if self.unbroken && next => *end = last,
            _ => self.spans.push((first, last)),
        }
        self.unbroken = true;
        if self.spans.len() > SPANS {
            // What lies between counts as fired then: an instant may be lost to a clock that goes to and fro, but never fires twice.
            let (first, last) = self.spans.remove(0);
            let (start, end) = self.spans[0];
            self.spans[0] = (first.min(start), last.max(end));
        }
    }

    /// What fires next is not the next after what fired last.
    pub(super) const fn interrupt(&mut self) {
        self.unbroken = false;
    }

    /// The last instant of the span that an instant lies in, if it has fired.
    pub(super) fn end_of(&self, instant: SystemTime) -> Option<SystemTime> {
        self.spans.iter().find(|(first, last)| (*first..=*last).contains(&instant)).map(|(_, last)| *last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn what_fires_in_a_row_is_one_span() {
        let mut fired = Fired::default();
        for second in 0..1_000 {
            fired.note(at(second), at(second), true);
        }
        assert_eq!(fired.spans, [(at(0), at(999))]);
        assert_eq!(fired.end_of(at(3)), Some(at(999)));
        assert_eq!(fired.end_of(at(1_000)), None);
    }

    #[test]
    fn a_clock_that_goes_to_and_fro_fills_no_memory_and_repeats_nothing() {
        let mut fired = Fired::default();
        for step in 0..1_000 {
            fired.interrupt();
            fired.note(at(step * 10), at(step * 10), true);
        }
        assert_eq!(fired.spans.len(), SPANS);
        assert!((0..1_000).all(|step| fired.end_of(at(step * 10)).is_some()));
    }
}
