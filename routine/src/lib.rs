//! The missing `go` statement of tokio.

mod id;
mod policy;
mod outcome;
mod error;
pub mod trace;

mod spawn;
mod builder;
mod handle;
mod current;
mod cancel;
mod carrier;

mod start;
mod life;
mod task;
mod blocking;
mod in_place;
mod context;
mod panic;
mod text;
mod report;
mod span;
pub mod hook;
mod exit;

mod registry;
mod inspect;
mod site;
mod stats;
mod clock;
mod sync;

pub mod prelude;
#[cfg(feature = "macros")]
mod macros;

#[doc(hidden)]
pub mod __private;

pub use builder::Builder;
pub use cancel::{cancelled, is_cancelled};
pub use carrier::{Carrier, carrier};
pub use current::{Current, current};
pub use error::Error;
pub use exit::{AtExit, ExitFunction, at_exit, set_exit, set_exit_deadline};
pub use hook::{add_after_routine, add_before_routine};
pub use handle::Handle;
pub use id::RoutineId;
pub use inspect::{Dump, Routine, RoutineState, Snapshot, dump, snapshot};
pub use outcome::{BoxError, Failure, IntoOutcome, Outcome, ok};
pub use panic::Panic;
pub use policy::Policy;
pub use span::set_span_level;
pub use spawn::{go, go_blocking, go_value, go_with_must_success, go_with_recover, try_go, try_go_blocking, try_go_value};
pub use start::SpanMode;
pub use stats::{Stats, stats};
pub use trace::{SpanId, Trace, TraceError, TraceId};
