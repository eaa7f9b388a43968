//! The missing `go` statement of tokio.

mod error;
mod id;
mod outcome;
mod policy;
pub mod trace;

mod builder;
mod cancel;
mod carrier;
mod current;
mod handle;
mod spawn;

mod blocking;
mod context;
mod exit;
pub mod hook;
mod in_place;
mod life;
mod panic;
mod report;
mod span;
mod start;
mod task;
mod text;

mod clock;
mod inspect;
mod registry;
mod site;
mod stats;
mod sync;

#[cfg(feature = "macros")]
mod macros;
pub mod prelude;

#[doc(hidden)]
pub mod __private;

pub use builder::Builder;
pub use cancel::{cancelled, is_cancelled};
pub use carrier::{Carrier, carrier};
pub use current::{Current, current};
pub use error::Error;
pub use exit::{AtExit, ExitFunction, at_exit, set_exit, set_exit_deadline};
pub use handle::Handle;
pub use hook::{add_after_routine, add_around_routine, add_before_routine};
pub use id::RoutineId;
pub use inspect::{Dump, Routine, RoutineState, Snapshot, dump, snapshot};
pub use outcome::{BoxError, Failure, IntoOutcome, Outcome, ok};
pub use panic::Panic;
pub use policy::Policy;
pub use span::set_span_level;
pub use spawn::{
    go, go_blocking, go_value, go_with_must_success, go_with_recover, try_go, try_go_blocking, try_go_value,
};
pub use start::SpanMode;
pub use stats::{Stats, stats};
pub use trace::{SpanId, Trace, TraceError, TraceId};
