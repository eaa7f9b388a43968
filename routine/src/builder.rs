//! Every option, for those who want no macro.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::runtime;

use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::{Failure, IntoOutcome};
use crate::policy::Policy;
use crate::restart::{self, Restart};
use crate::retry::{self, Retry};
use crate::spawn;
use crate::start::{SpanMode, Start};
use crate::task::{Fallible, Plain};

/// A start with options, for those who want no macro.
///
/// A builder is used once. Its `spawn` functions take what [`go`](crate::go) takes; those named `_value` take any value.
///
/// ```
/// use std::time::Duration;
/// use routine::{Builder, Policy};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let handle = Builder::new()
///     .name("import")
///     .policy(Policy::Recover)
///     .timeout(Duration::from_secs(30))
///     .field("file", "a.csv")
///     .spawn(async { Ok::<_, std::io::Error>(3) });
/// assert_eq!(handle.await.unwrap(), 3);
/// # }
/// ```
#[must_use = "a builder starts nothing until one of its `spawn` functions is called"]
#[derive(Debug)]
pub struct Builder(Start);

impl Default for Builder {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A start with no options yet. The place of this call is the routine's spawn site.
    #[track_caller]
    pub fn new() -> Self {
        Self(Start::typed(type_name::<Self>, Policy::Log))
    }

    /// Names the routine; without it the name is that of the function that the future was written in.
    pub fn name(self, name: impl Into<Cow<'static, str>>) -> Self {
        Self(self.0.name(name))
    }

    /// What a failure does, besides being reported.
    pub fn policy(self, policy: Policy) -> Self {
        Self(self.0.policy(policy))
    }

    /// Ends the routine once it has taken `after`, counted from its first poll on tokio's clock: what is left of it is
    /// dropped at its await, and the outcome is [`TimedOut`](crate::Outcome::TimedOut). Under a [`deadline`](crate::deadline)
    /// it is cut to the time that is left. It has no effect on blocking work,
    /// which cannot be stopped. Needs tokio's timers to be enabled; without them the routine panics, contained.
    pub fn timeout(self, after: Duration) -> Self {
        Self(self.0.timeout(after))
    }

    /// Adds a field, which is seen in the dump, in snapshots, in the routine's span and in its report. The value is formatted
    /// now. In spans and reports all of a routine's fields are one, `routine.fields="file=a.csv size=3"`: tracing knows only
    /// names that are written where a span is made.
    pub fn field(self, key: &'static str, value: impl Display) -> Self {
        Self(self.0.field(key, value))
    }

    /// Has a failure under [`Policy::MustSuccess`](crate::Policy::MustSuccess) shut the process down in order, within `deadline`,
    /// before it exits with code 1: the failure is reported, then everything else is asked to stop and waited for, as by
    /// [`shutdown`](fn@crate::shutdown), and the [`at_exit`](crate::at_exit) callbacks run at the end of that. Without this the process
    /// exits as soon as the callbacks have run. It has no effect under another policy.
    ///
    /// The handle resolves meanwhile: a `main` that returns then ends the process with a code of its own, unless it is under
    /// [`run`](crate::run), which keeps it until the shutdown is over.
    pub fn graceful(self, deadline: Duration) -> Self {
        Self(self.0.graceful(deadline))
    }

    /// The phase in which a [`shutdown`](fn@crate::shutdown) asks the routine to stop, and all that it starts: after those of
    /// lower numbers have ended. 0 unless this says otherwise, here or further up; 255 is the phase of what supervisors look after,
    /// and has no time of its own.
    pub fn phase(self, phase: u8) -> Self {
        Self(self.0.phase(phase))
    }

    /// Begins a new trace, instead of deriving it from the caller's.
    pub fn root(self) -> Self {
        Self(self.0.root())
    }

    /// Leaves a failure to the handle's holder: it is reported only if the handle, or the [`Error`] in it, is dropped
    /// before somebody awaited it.
    pub fn quiet(self) -> Self {
        Self(self.0.quiet())
    }

    /// Chooses the routine's span, where spans are on.
    pub fn span(self, mode: SpanMode) -> Self {
        Self(self.0.span(mode))
    }

    /// Starts `future` on the current runtime. What happens on an `Err`, a panic, an abort, the drop of the handle and the end of
    /// the runtime is told at [`go`](crate::go), and holds for all that starts here.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> Handle<<F::Output as IntoOutcome>::Value>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        spawn::started(spawn::start::<Fallible, F>(self.0.typed_as(type_name::<F>), future))
    }

    /// Starts `future` on the current runtime, if there is one.
    ///
    /// # Errors
    /// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown).
    pub fn try_spawn<F>(self, future: F) -> Result<Handle<<F::Output as IntoOutcome>::Value>, Error>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        spawn::start::<Fallible, F>(spawn::if_open(self.0.typed_as(type_name::<F>))?, future)
    }

    /// Starts `future` on `runtime`. One that has shut down drops it: it counts as cancelled.
    pub fn spawn_on<F>(self, runtime: &runtime::Handle, future: F) -> Handle<<F::Output as IntoOutcome>::Value>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        spawn::start_on::<Fallible, F>(self.0.typed_as(type_name::<F>), runtime, future)
    }

    /// Starts a future that may not leave its thread, on the current `tokio::task::LocalSet`.
    ///
    /// # Panics
    /// Outside a `LocalSet`. The routine then counts as rejected.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> Handle<<F::Output as IntoOutcome>::Value>
    where
        F: Future<Output: IntoOutcome + 'static> + 'static,
    {
        spawn::start_local::<Fallible, F>(self.0.typed_as(type_name::<F>), future)
    }

    /// Starts blocking work on the current runtime's blocking pool, see [`go_blocking`](crate::go_blocking).
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, work: F) -> Handle<R::Value>
    where
        F: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        spawn::started(spawn::start_blocking::<Fallible, F, R>(self.0.typed_as(type_name::<F>), work))
    }

    /// Starts blocking work on the current runtime's blocking pool, if there is one.
    ///
    /// # Errors
    /// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown).
    pub fn try_spawn_blocking<F, R>(self, work: F) -> Result<Handle<R::Value>, Error>
    where
        F: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        spawn::start_blocking::<Fallible, F, R>(spawn::if_open(self.0.typed_as(type_name::<F>))?, work)
    }

    /// Starts blocking work on the blocking pool of `runtime`. One that has shut down drops it: it counts as cancelled.
    pub fn spawn_blocking_on<F, R>(self, runtime: &runtime::Handle, work: F) -> Handle<R::Value>
    where
        F: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        spawn::start_blocking_on::<Fallible, F, R>(self.0.typed_as(type_name::<F>), runtime, work)
    }

    /// Starts a routine that is tried again when it fails, as `retry` says: one routine, one entry in the registry, and one report
    /// if the last attempt fails, too, with the number of attempts among its fields.
    ///
    /// `work` is called for each attempt, inside the routine. What is left of an attempt is dropped before the next one begins;
    /// a panic of that drop is the attempt's. [`timeout`](Self::timeout) is the time for all attempts and the waits between them;
    /// each attempt's own is [`Retry::attempt_timeout`].
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn spawn_retry<T, E, F, Fut>(self, retry: Retry<E>, work: F) -> Handle<T>
    where
        T: Send + 'static,
        E: Failure,
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        spawn::started(retry::start(self.0, retry, work))
    }

    /// As [`spawn_retry`](Self::spawn_retry), where there may be no runtime.
    ///
    /// # Errors
    /// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown).
    pub fn try_spawn_retry<T, E, F, Fut>(self, retry: Retry<E>, work: F) -> Result<Handle<T>, Error>
    where
        T: Send + 'static,
        E: Failure,
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
    {
        retry::start(spawn::if_open(self.0.typed_as(type_name::<F>))?, retry, work)
    }

    /// Starts a loop that must not end: a body that is run again, as `restart` says, when it does. One routine, with one entry in the
    /// registry, one name and one trace, whatever becomes of its runs.
    ///
    /// `work` is called for each run, inside the routine. What is left of a run is dropped before the next one begins. Each run
    /// that failed, or returned where it was to go on, is a record of level warn, with the number of the restart that follows as
    /// `routine.restart`; the number of restarts is among the routine's fields, so that the dump shows it. A restart that the budget
    /// does not allow ends the routine with [`RestartsExhausted`](crate::RestartsExhausted), the last failure being its source;
    /// under [`Policy::MustSuccess`] that ends the process.
    ///
    /// Asked to stop ([`cancelled`](crate::cancelled)), it is not restarted any more: a wait ends at once, and well, since the
    /// failure before it was told; a run that is under way is left to see for itself, and how it ends is how the routine ends. So it is
    /// where the next run would begin after the [`deadline`](crate::deadline).
    ///
    /// Its span is a root span that follows from the current one, unless [`span`](Self::span) says otherwise.
    /// [`timeout`](Self::timeout) is the time for the loop as a whole.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn spawn_restart<F, Fut>(self, restart: Restart, work: F) -> Handle<()>
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome> + Send + 'static,
    {
        spawn::started(restart::start(self.0, restart, work))
    }

    /// As [`spawn_restart`](Self::spawn_restart), where there may be no runtime.
    ///
    /// # Errors
    /// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown).
    pub fn try_spawn_restart<F, Fut>(self, restart: Restart, work: F) -> Result<Handle<()>, Error>
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoOutcome> + Send + 'static,
    {
        restart::start(spawn::if_open(self.0.typed_as(type_name::<F>))?, restart, work)
    }

    /// As [`spawn`](Self::spawn), for a future of any value; see [`go_value`](crate::go_value).
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn spawn_value<F>(self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        spawn::started(spawn::start::<Plain, F>(self.0.typed_as(type_name::<F>), future))
    }

    /// As [`try_spawn`](Self::try_spawn), for a future of any value.
    ///
    /// # Errors
    /// [`Error::is_rejected`] outside a tokio runtime, and once the process is [shutting down](fn@crate::shutdown).
    pub fn try_spawn_value<F>(self, future: F) -> Result<Handle<F::Output>, Error>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        spawn::start::<Plain, F>(spawn::if_open(self.0.typed_as(type_name::<F>))?, future)
    }

    /// As [`spawn_on`](Self::spawn_on), for a future of any value.
    pub fn spawn_value_on<F>(self, runtime: &runtime::Handle, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        spawn::start_on::<Plain, F>(self.0.typed_as(type_name::<F>), runtime, future)
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), for work with any value.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn spawn_blocking_value<F, R>(self, work: F) -> Handle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        spawn::started(spawn::start_blocking::<Plain, F, R>(self.0.typed_as(type_name::<F>), work))
    }
}
