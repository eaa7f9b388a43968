//! How a run ended that may be followed by another.

use std::any::Any;
use std::panic::resume_unwind;

use crate::current;
use crate::error::Error;
use crate::outcome::{BoxError, Failed, IntoOutcome, Outcome};
use crate::panic;
use crate::report::{self, Again, Cause};
use crate::retry::Attempt;

/// How a run ended.
pub(crate) enum Ending {
    Returned,
    Failed(Failed),
    Panicked(Box<dyn Any + Send>),
}

impl Ending {
    pub(super) fn of<O: IntoOutcome>(run: Attempt<O>) -> Self {
        match run {
            Attempt::Ended(output) => match panic::contain(|| output.into_outcome().map(drop)) {
                Ok(Ok(())) => Self::Returned,
                Ok(Err(failed)) => Self::Failed(failed),
                Err(payload) => Self::Panicked(payload),
            },
            Attempt::Panicked(payload) => Self::Panicked(payload),
            Attempt::TimedOut(_) => unreachable!("a run has all the time there is"),
        }
    }

    pub(super) const fn is_failure(&self) -> bool {
        !matches!(self, Self::Returned)
    }

    /// Makes it the ending of the routine itself.
    pub(super) fn finish(self) -> Result<(), Failed> {
        match self {
            Self::Returned => Ok(()),
            Self::Failed(failed) => Err(failed),
            Self::Panicked(payload) => resume_unwind(payload),
        }
    }

    /// Makes the record of a run that the routine outlives.
    pub(super) fn tell(&self, again: Again) {
        let Some(slot) = current::slot() else { return };
        let subject = report::subject(slot);
        let panic;
        let cause = match self {
            Self::Returned => Cause::Ended(Outcome::Completed),
            Self::Failed(failed) => Cause::Error { error: &*failed.error, type_name: failed.type_name },
            Self::Panicked(payload) => {
                panic = panic::peek(&**payload, slot.segment());
                Cause::Panic(&panic)
            }
        };
        report::report_again(&subject, &cause, again);
    }

    /// What stands at the end of the chain of whoever gives up over it.
    pub(super) fn into_source(self) -> Option<BoxError> {
        match self {
            Self::Returned => None,
            Self::Failed(failed) => Some(failed.error),
            Self::Panicked(payload) => {
                let slot = current::slot()?;
                Some(Box::new(Error::panicked(report::subject(slot), panic::take(payload, slot.segment()))))
            }
        }
    }

    /// Lets go of it, since there is another run.
    pub(super) fn forget(self) {
        match self {
            Self::Returned => {}
            Self::Failed(failed) => drop(panic::swallow(|| drop(failed))),
            Self::Panicked(payload) => panic::drop_payload(payload),
        }
    }
}
