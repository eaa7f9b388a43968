//! Routines that are looked after: restarted when they end, together with those that depend on them, and stopped in order.
//!
//! A [`Supervisor`] has children with names and an order. It starts them in that order, each once the one before it has started, and
//! stops them in reverse, each within its grace; only the temporary ones that were added to one-for-one are asked together. A child that ends is restarted, as its [`RestartKind`](crate::RestartKind) says,
//! together with the siblings that the [`Strategy`] says, after a [`Backoff`](crate::Backoff). If there are more restarts than the
//! budget allows, the supervisor stops all of them and fails: then its own supervisor has the same choice, up to the one that nobody
//! looks after, whose failure is reported, or ends the process under
//! [`Policy::MustSuccess`](crate::Policy::MustSuccess).
//!
//! - Children are routines, in the registry under their names. Each restart makes a new one, with a new number.
//! - A child that ended and is restarted makes a record of level warn, with the number of the restart as `routine.restart`. One that
//!   failed and is not restarted makes the record of any failure.
//! - A child is asked to stop by [`cancelled`](crate::cancelled), and aborted when its grace is over. Either ends it at an await: a
//!   child that blocks its thread is waited for.
//! - The supervisor answers at all times, also while children start, stop, or wait for their restart.
//!
//! # Compared with Erlang/OTP
//! It keeps the promises of OTP's `supervisor`, in OTP's words, but for these:
//!
//! - Restarts wait for a back-off. OTP restarts at once, and tries a start that fails again and again until the budget is used up: a
//!   service that is gone for some seconds takes everything with it. Here [the default](crate::Restart) lasts one child for 40 s at
//!   least, and children that fail together for less. `Backoff::constant(Duration::ZERO)` is OTP's way. Under one-for-all and
//!   rest-for-one the siblings are stopped first, and are down during the wait.
//! - A child has started when it says so only where it is made by [`ChildSpec::with_ready`]; others have once their closure has returned.
//! - Of two children that fail at one time under rest-for-one, the earlier one decides who is restarted.
//! - [`SupervisorHandle::remove_child`] stops a child that runs; OTP wants two calls for it, between which the child may come back.
//! - A supervisor that used up its budget has failed, so that its own supervisor restarts it also where it is transient; OTP's ends
//!   with `shutdown`, which is none.
//! - There is no `simple_one_for_one`: children of one shape are added one by one under one-for-one, whose cost does not grow with
//!   their number. The temporary ones among them are asked to stop all at once, as there, before all others. There are no significant
//!   children, and no `auto_shutdown`.

mod builder;
mod child;
mod commands;
mod engine;
mod error;
mod handle;
mod lives;
mod message;
mod own;
mod plan;
mod spec;
mod table;

pub use builder::{Supervisor, SupervisorBuilder};
pub use error::{ChildError, ChildErrorKind, ChildNotStarted, InvalidSupervisor};
pub use handle::{StopReport, SupervisorHandle};
pub use spec::ChildSpec;
pub use table::{Child, ChildState, Overdue};

/// A child's place in the order of its siblings.
type Key = u64;

/// Who is restarted when one child is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// That child alone: for children that do not depend on one another.
    #[default]
    OneForOne,
    /// All children: the others are stopped, in reverse, and then all are started. Also those that had ended or were terminated; not
    /// the temporary ones, which are forgotten.
    OneForAll,
    /// That child and those after it, in the same way: for children that depend on those before them.
    RestForOne,
}
