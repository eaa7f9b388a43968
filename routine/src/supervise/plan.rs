//! What a supervisor does to several of its children, one after the other: stop them in reverse, wait, and start them in order.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::Key;

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// The first start of all.
    Start,
    /// The restart of one that ended, and of its siblings.
    Restart,
    /// The end of the supervisor.
    End,
}

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) aim: Aim,
    /// The first of those that are stopped, the others being all after it.
    from: Key,
    /// Those that are still to be stopped, the next one last.
    stop: Vec<Key>,
    /// The one that is being stopped.
    pub(super) stopping: Option<Key>,
    /// When those that were stopped are started again.
    pub(super) until: Option<Instant>,
    /// Those that are still to be started.
    start: VecDeque<Key>,
    /// The one that has not said yet that it has started.
    pub(super) starting: Option<Key>,
}

impl Plan {
    pub(super) fn start(keys: impl Iterator<Item = Key>) -> Self {
        Self { start: keys.collect(), ..Self::of(Aim::Start) }
    }

    /// Of children in their order.
    pub(super) fn restart(keys: Vec<Key>, until: Instant) -> Self {
        Self {
            from: keys.first().copied().unwrap_or_default(),
            start: keys.iter().copied().collect(),
            stop: keys,
            until: Some(until),
            ..Self::of(Aim::Restart)
        }
    }

    pub(super) fn end(keys: impl Iterator<Item = Key>) -> Self {
        Self { stop: keys.collect(), ..Self::of(Aim::End) }
    }

    const fn of(aim: Aim) -> Self {
        let start = VecDeque::new();
        Self { aim, from: 0, stop: Vec::new(), stopping: None, until: None, start, starting: None }
    }

    /// Whether a child that ends by itself now would have been stopped in a moment.
    pub(super) fn is_about_to_stop(&self, key: Key) -> bool {
        match self.aim {
            Aim::Start => false,
            Aim::Restart => key >= self.from && !(self.stop.is_empty() && self.stopping.is_none()),
            Aim::End => true,
        }
    }

    pub(super) fn next_to_stop(&mut self) -> Option<Key> {
        self.stop.pop()
    }

    pub(super) fn next_to_start(&mut self) -> Option<Key> {
        self.start.pop_front()
    }

    /// Has one that is new started after the others.
    pub(super) fn start_too(&mut self, key: Key) {
        self.start.push_back(key);
    }

    /// Starts too, after its own, what the plan in whose place it comes was yet to start.
    pub(super) fn take_over(&mut self, old: &Self) {
        if self.aim == Aim::Restart {
            // Its own are all those from the first on.
            self.start.extend(old.start.iter().copied().filter(|key| *key < self.from));
        }
    }

    /// Whether it is yet to start that child.
    pub(super) fn will_start(&self, key: Key) -> bool {
        self.start.contains(&key)
    }

    /// Leaves out the start of one that somebody has stopped meanwhile.
    pub(super) fn leave_out(&mut self, key: Key) {
        self.start.retain(|other| *other != key);
    }
}
