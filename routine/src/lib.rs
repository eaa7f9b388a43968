//! The missing `go` statement of tokio: work that runs in the background keeps its caller's trace, runs the process-wide
//! hooks, reports its error, survives (or, where asked, ends the process on) its panic, and can be seen while it runs.
//!
//! ```
//! use routine::{prelude::*, routine};
//!
//! #[routine(recover)]
//! async fn import(file: String) -> std::io::Result<usize> {
//!     Ok(file.len())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! import("a.csv".to_owned()); // starts now; its failure is logged with its trace
//! let rows = import("b.csv".to_owned()).await; // or wait for it
//! routine! { import("c.csv".to_owned()).await?; }; // a body of your own
//! println!("{}", routine::dump()); // what is running now
//! # assert_eq!(rows.unwrap(), 5);
//! # }
//! ```
//!
//! - Starting: the attribute in [`prelude`], the macro [`routine!`](crate::routine), the functions [`go`], [`go_with_recover`],
//!   [`go_with_must_success`], [`go_blocking`], [`go_value`], and [`Builder`] with every option.
//! - What the caller holds: [`Handle`], and [`Error`] where there is no value.
//! - Where work belongs: [`Trace`], the module [`trace`](mod@trace), and [`carrier`](fn@carrier) for other threads.
//! - What goes along with it: [`Inherited`] values.
//! - Many at once: [`group`](fn@group), [`Group`].
//! - How it ends: [`run`] around `main`, [`shutdown`](fn@shutdown), [`cancelled`], [`shield`].
//! - Again, when it fails: [`Builder::spawn_retry`] with a [`Retry`], [`Builder::spawn_restart`] with a [`Restart`], and
//!   a [`Supervisor`] for those that depend on one another.
//! - What runs around it: the module [`hook`](mod@hook), [`at_exit`].
//! - What can be seen: [`snapshot`], [`dump`], [`stats`], and the records under the `tracing` target `routine`.
//!
//! # What is not promised
//! A routine is lost with its process and its runtime. An abort takes effect at the next await; blocking work cannot be
//! stopped. Reports go to the `tracing` subscriber that is installed, and to stderr where there is none. With
//! `panic = "abort"` nothing is caught: the panic hook writes the routine's name, trace and message, and hooks, callbacks and
//! reports are lost.
//!
//! Use `tokio::task::JoinSet` to wait for many tasks without reports, and `tokio_util::task::TaskTracker` to know when all
//! have ended.
//!
//! The repository's folder `docs` has guides for those who come from Go and from bare tokio, a list of all that this crate
//! may say in a log, and a map of how it works.

#[cfg(target_family = "wasm")]
compile_error!("routine needs threads, which wasm targets do not have");
#[cfg(not(target_has_atomic = "64"))]
compile_error!("routine needs 64-bit atomics, which this target does not have");

mod error;
mod id;
mod outcome;
mod policy;
pub mod trace;

mod backoff;
mod builder;
mod cancel;
mod carrier;
mod current;
mod go;
pub mod group;
mod handle;
mod inherited;
pub mod pool;
mod restart;
mod retry;
pub mod schedule;
mod spawn;
pub mod supervise;

mod birth;
mod blocking;
mod context;
mod exit;
pub mod hook;
mod in_place;
mod launch;
mod life;
mod panic;
mod pause;
mod report;
pub mod shutdown;
mod span;
mod start;
mod task;
mod text;

#[cfg(test)]
mod alone;
mod clock;
mod inspect;
mod registry;
mod site;
mod stats;
mod sync;
mod thread;
mod timeout;

#[cfg(feature = "macros")]
mod macros;
pub mod prelude;

#[doc(hidden)]
pub mod __private;

pub use backoff::{Backoff, InvalidBackoff, Jitter};
pub use builder::Builder;
pub use cancel::{CancelReason, cancellation_reason, cancelled, deadline, is_cancelled};
pub use carrier::{Carrier, carrier};
pub use current::{Current, current};
pub use error::Error;
pub use exit::{AtExit, ExitFunction, at_exit, set_exit, set_exit_deadline};
pub use go::{go, go_blocking, go_value, go_with_must_success, go_with_recover, try_go, try_go_blocking, try_go_value};
pub use group::{Group, GroupError, group, map, map_stream, race, start};
pub use handle::Handle;
pub use hook::{add_after_routine, add_around_routine, add_before_routine};
pub use id::RoutineId;
pub use inherited::Inherited;
pub use inspect::{Dump, Routine, RoutineState, Snapshot, dump, snapshot};
pub use outcome::{BoxError, Failure, IntoOutcome, Outcome, ok};
pub use panic::Panic;
pub use policy::Policy;
pub use pool::{BlockingPool, Pool};
pub use restart::{InvalidRestart, Restart, RestartKind, RestartsExhausted};
pub use retry::{InvalidRetry, Retry, RetryAfter};
pub use schedule::Schedule;
pub use shutdown::{Runner, ShutdownReport, is_shutting_down, run, shield, shutdown};
pub use span::set_span_level;
pub use start::SpanMode;
pub use stats::{Stats, stats};
pub use supervise::{ChildSpec, Strategy, Supervisor, SupervisorHandle};
pub use trace::{SpanId, Trace, TraceError, TraceId};

/// The code of the README, compiled and run.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The code of the guide for those who come from Go.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/from-go.md")]
struct FromGo;

/// The code of the guide for those who come from bare tokio.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/from-tokio.md")]
struct FromTokio;

/// The code of the list of messages.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../../docs/errors.md")]
struct Errors;
