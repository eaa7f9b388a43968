//! The missing `go` statement of tokio.

mod id;
mod outcome;
mod policy;

pub use id::RoutineId;
pub use outcome::{BoxError, Failure, IntoOutcome, Outcome, ok};
pub use policy::Policy;
