//! What a routine inherits from whoever started it, and hands on.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use crate::panic;

/// The deadline under which a routine starts, its phase of the shutdown, and the values that are set there, one for each key. Immutable: a scope that sets
/// one makes another list, which is as long as the program has keys, and not as long as its scopes are deep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heritage {
    values: Vec<Value>,
    deadline: Option<Instant>,
    phase: u8,
}

/// A value, with the key that it was set under.
#[derive(Clone)]
pub(crate) struct Value {
    /// What tells a key from all others: the address of its static.
    pub(crate) key: usize,
    pub(crate) name: &'static str,
    /// As the dump and the records show it, if they are to.
    pub(crate) shown: Option<Arc<str>>,
    /// Always there until the drop.
    pub(crate) held: Option<Arc<dyn Any + Send + Sync>>,
}

impl Heritage {
    /// This with one value more, which takes the place of an older one of the same key.
    pub(crate) fn with(outer: Option<&Self>, value: Value) -> Self {
        let others = outer.map(|outer| &*outer.values).unwrap_or_default();
        let mut values: Vec<_> = others.iter().filter(|other| other.key != value.key).cloned().collect();
        values.push(value);
        let (deadline, phase) = outer.map_or((None, 0), |outer| (outer.deadline, outer.phase));
        Self { values, deadline, phase }
    }

    /// This under a deadline, unless it has an earlier one.
    pub(crate) fn until(outer: Option<&Self>, deadline: Instant) -> Self {
        let mut heritage = outer.cloned().unwrap_or_default();
        heritage.deadline = Some(heritage.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        heritage
    }

    /// This in a phase of the shutdown.
    pub(crate) fn in_phase(outer: Option<&Self>, phase: u8) -> Self {
        Self { phase, ..outer.cloned().unwrap_or_default() }
    }

    pub(crate) const fn phase(&self) -> u8 {
        self.phase
    }

    /// This for what goes on after whoever started it.
    pub(crate) fn without_deadline(mut self) -> Self {
        self.deadline = None;
        self
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn get(&self, key: usize) -> Option<Arc<dyn Any + Send + Sync>> {
        self.values.iter().find(|value| value.key == key)?.held.clone()
    }

    /// The values that are to be seen, with their names.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.values.iter().filter_map(|value| Some((value.name, String::from(&**value.shown.as_ref()?))))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("name", &self.name).field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Drop for Value {
    // Each by itself: a second panic in one drop would end the process.
    fn drop(&mut self) {
        panic::swallow(|| drop(self.held.take()));
    }
}
