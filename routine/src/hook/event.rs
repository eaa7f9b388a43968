//! What a hook is told.

use std::time::Duration;

use crate::id::RoutineId;
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::report::Subject;
use crate::trace::Trace;

/// A routine that is about to run its body, as a before-hook sees it.
#[derive(Debug)]
pub struct Begin<'a> {
    pub(super) subject: &'a Subject,
    started: bool,
}

impl<'a> Begin<'a> {
    pub(crate) fn new(subject: &'a Subject, started: bool) -> Self {
        Self { subject, started }
    }
}

/// A routine that has ended, as an after-hook sees it. Its trace is still the current one.
#[derive(Debug)]
pub struct End<'a> {
    pub(super) subject: &'a Subject,
    started: bool,
    outcome: Outcome,
    duration: Duration,
}

impl<'a> End<'a> {
    pub(crate) fn new(subject: &'a Subject, started: bool, outcome: Outcome, duration: Duration) -> Self {
        Self { subject, started, outcome, duration }
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The time from its start to its end, waiting to be run included, on the machine's clock and not tokio's.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

macro_rules! subject {
    ($event:ident) => {
        impl $event<'_> {
            /// The routine's number.
            ///
            /// # Panics
            /// Never: a routine that has hooks has a number.
            #[must_use]
            pub fn id(&self) -> RoutineId {
                self.subject.id.expect("a routine that runs has a number")
            }

            /// The number of the routine that started it, Go's base id; `None` for one that was started outside any.
            #[must_use]
            #[doc(alias = "base")]
            pub fn parent(&self) -> Option<RoutineId> {
                self.subject.parent
            }

            /// The routine's name.
            #[must_use]
            pub fn name(&self) -> &str {
                &self.subject.name
            }

            /// The routine's trace.
            #[must_use]
            pub fn trace(&self) -> Trace {
                self.subject.trace
            }

            /// What the routine's failure does.
            #[must_use]
            pub fn policy(&self) -> Policy {
                self.subject.policy
            }

            /// The file and line that started it.
            #[must_use]
            pub fn spawned_at(&self) -> (&'static str, u32) {
                (self.subject.file, self.subject.line)
            }

            /// The routine's fields, as they were formatted at its start.
            pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
                self.subject.fields.iter().map(|(key, value)| (*key, value.as_str()))
            }

            /// Whether its body runs, or ran; `false` for one that is dropped before its first poll.
            #[must_use]
            pub fn started(&self) -> bool {
                self.started
            }
        }
    };
}

subject!(Begin);
subject!(End);
