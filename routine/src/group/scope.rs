//! What starts the members of a group.

use std::any::type_name;
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime;
use tokio::time::Instant;

use super::GroupError;
use super::room::Room;
use super::shared::{Shared, Waits};
use crate::cancel::CancelReason;
use crate::current;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::registry::{Cold, Heritage, Slot};
use crate::report::{self, Subject};
use crate::spawn;
use crate::start::Start;
use crate::task::{Fallible, Plain};
use crate::trace::Trace;

/// What starts the members of a group. It may be cloned and moved anywhere, also into members, which may start siblings.
///
/// A member that is started after its group is over, or has failed and does not wait for more, is cancelled before it runs:
/// it counts as started and cancelled, and its handle says why.
#[derive(Clone)]
pub struct Scope {
    shared: Arc<Shared>,
    clock: Arc<Clock>,
    /// What was inherited where the group was made, and what those share that are started under the same.
    outer: Option<Arc<Cold>>,
    member: Arc<Cold>,
}

/// When a group ends by itself.
struct Clock {
    deadline: Option<Instant>,
    /// Whether somebody looks at it.
    watched: AtomicBool,
}

impl Scope {
    pub(super) fn new(limit: usize, grace: Option<Duration>, deadline: Option<Instant>, waits: Waits) -> Self {
        let shared = Arc::new(Shared::new(limit, grace, waits));
        let outer = current::slot().and_then(Slot::heritage);
        let member = member(&shared, outer.clone(), deadline);
        let clock = Arc::new(Clock { deadline, watched: AtomicBool::new(false) });
        Self { shared, clock, outer, member }
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Starts a member. Its failure belongs to the group, and is reported only if the group drops it untold.
    ///
    /// The handle may be dropped or awaited; the group waits for the member in either case. Where the group has a limit that
    /// is used up, the member waits for its turn.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn go<F>(&self, future: F) -> Handle<<F::Output as IntoOutcome>::Value>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        self.go_as(Start::typed(type_name::<F>, Policy::Log), future)
    }

    #[inline]
    #[track_caller]
    pub(super) fn go_as<F>(&self, start: Start, future: F) -> Handle<<F::Output as IntoOutcome>::Value>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        self.watch();
        spawn::started(spawn::start_member::<Fallible, F>(start, self.member(), future))
    }

    /// [`go`](Self::go) for a future of any value, whose `Err` is no failure.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn go_value<F>(&self, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.go_value_as(Start::typed(type_name::<F>, Policy::Log), future)
    }

    #[track_caller]
    pub(super) fn go_value_as<F>(&self, start: Start, future: F) -> Handle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.watch();
        spawn::started(spawn::start_member::<Plain, F>(start, self.member(), future))
    }

    /// Starts a member, if it can run at once; else the future comes back.
    ///
    /// # Errors
    /// The future, where the group has no room.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn try_go<F>(&self, future: F) -> Result<Handle<<F::Output as IntoOutcome>::Value>, F>
    where
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        if self.shared.has_room() { Ok(self.go(future)) } else { Err(future) }
    }

    /// Starts blocking work as a member, on a thread of the blocking pool.
    ///
    /// A group that ends cannot stop it once it runs: [`is_cancelled`](crate::is_cancelled) turns true inside it, the group
    /// waits for it, and the handle gives what it ends in. What has not begun is cancelled.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn go_blocking<F, R>(&self, work: F) -> Handle<R::Value>
    where
        F: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        self.go_blocking_as(Start::typed(type_name::<F>, Policy::Log), work)
    }

    #[track_caller]
    pub(super) fn go_blocking_as<F, R>(&self, start: Start, work: F) -> Handle<R::Value>
    where
        F: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value: Send> + 'static,
    {
        self.watch();
        spawn::started(spawn::start_member_blocking::<Fallible, F, R>(start, self.member(), work))
    }

    /// Waits until a member that is started then would run at once, or the group is over.
    ///
    /// It reserves nothing: another task may be faster.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn ready(&self) {
        Room::of(&self.shared).await;
    }

    /// Asks all members to stop, with a text that their errors tell, and ends them at their next await; after the grace, if
    /// the group has one.
    pub fn cancel(&self, why: impl Into<Cow<'static, str>>) {
        self.shared.end(CancelReason::Requested(Some(why.into())));
    }

    /// How many members have started and not ended yet, those that wait for room included.
    #[must_use]
    pub fn live(&self) -> usize {
        self.shared.live()
    }

    /// What a member that starts here shares with the others.
    pub(super) fn member(&self) -> Arc<Cold> {
        let here = current::slot().and_then(Slot::heritage);
        let same = match (&here, &self.outer) {
            (None, None) => true,
            (Some(here), Some(outer)) => Arc::ptr_eq(here, outer),
            _ => false,
        };
        if same { Arc::clone(&self.member) } else { member(&self.shared, here, self.clock.deadline) }
    }

    /// Has somebody look at the clock, if the group has a deadline: a task of the runtime of its body or first member.
    fn watch(&self) {
        let Some(deadline) = self.clock.deadline else { return };
        let Ok(runtime) = runtime::Handle::try_current() else { return };
        if self.clock.watched.swap(true, Ordering::Relaxed) {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        runtime.spawn(async move {
            tokio::time::sleep_until(deadline).await;
            if let Some(shared) = shared.upgrade() {
                shared.end(CancelReason::Deadline);
            }
        });
    }

    /// Awaits a body and then all members; the first failure ends both.
    pub(super) async fn run<F, R>(self, body: F) -> Result<R::Value, GroupError>
    where
        F: AsyncFnOnce(Self) -> R,
        R: IntoOutcome,
    {
        self.watch();
        let dropped = EndWhenDropped(&self);
        let mut body = pin!(Some(body(self.clone())));
        let ended = poll_fn(|cx| {
            if self.shared.poll_failed(cx).is_ready() {
                return Poll::Ready(None);
            }
            let Some(body) = body.as_mut().as_pin_mut() else { return Poll::Ready(None) };
            match catch_unwind(AssertUnwindSafe(|| body.poll(cx).map(R::into_outcome))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(ended)) => Poll::Ready(Some(Ok(ended))),
                Err(payload) => Poll::Ready(Some(Err(payload))),
            }
        })
        .await;
        // What failed before the body, and may have been its reason, comes before it.
        let before = self.shared.kept();
        // Before the members end, since it may hold what they wait for.
        let left = catch_unwind(AssertUnwindSafe(|| body.set(None)));
        if !matches!(ended, Some(Ok(Ok(_)))) || left.is_err() {
            self.shared.end(CancelReason::SiblingFailed);
        }
        poll_fn(|cx| self.shared.poll_idle(cx)).await;
        // What is started from here on by a clone that got away is cancelled before it runs.
        drop(dropped);
        let failures = self.shared.take_failures();
        match (ended, left) {
            (Some(Err(payload)), _) | (_, Err(payload)) => resume_unwind(payload),
            (Some(Ok(Ok(value))), Ok(())) => {
                match GroupError::of(failures).or_else(|| self.shared.take_cut().map(GroupError::alone)) {
                    None => Ok(value),
                    Some(error) => Err(error),
                }
            }
            (Some(Ok(Err(failed))), Ok(())) => {
                let mut failures = failures;
                failures.kept.insert(before.min(failures.kept.len()), Error::failed(here(BODY), failed));
                Err(GroupError::of(failures).unwrap_or_else(|| unreachable!("the body failed")))
            }
            (None, Ok(())) => Err(GroupError::of(failures)
                .unwrap_or_else(|| GroupError::alone(Error::ended_by_group(here(BODY), self.shared.reason())))),
        }
    }
}

/// What members share that are started where `heritage` is inherited.
fn member(shared: &Arc<Shared>, heritage: Option<Arc<Cold>>, deadline: Option<Instant>) -> Arc<Cold> {
    let heritage = match deadline {
        Some(deadline) => {
            let outer = heritage.as_deref().and_then(Cold::heritage);
            Some(Arc::new(Cold::Heritage(Heritage::until(outer, deadline))))
        }
        None => heritage,
    };
    Arc::new(Cold::Member { group: Arc::clone(shared), heritage })
}

/// What a body is called in its failure, which has no name of its own.
const BODY: &str = "the body of a group";

/// Ends a group that is dropped before it is over.
pub(super) struct EndWhenDropped<S: Borrow<Scope>>(pub(super) S);

impl<S: Borrow<Scope>> Drop for EndWhenDropped<S> {
    fn drop(&mut self) {
        self.0.borrow().shared.kill(CancelReason::Dropped);
    }
}

/// Whom a failure is about that is no routine's own: the routine that runs here, if one does, under another name.
pub(crate) fn here(name: &'static str) -> Subject {
    let mut subject = match current::slot() {
        Some(slot) => report::subject(slot),
        None => Subject {
            id: None,
            parent: None,
            name: Cow::Borrowed(""),
            trace: Trace::new(),
            file: "",
            line: 0,
            policy: Policy::Log,
            fields: Vec::new(),
        },
    };
    subject.name = Cow::Borrowed(name);
    subject
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("live", &self.live())
            .field("reason", &self.shared.reason())
            .finish_non_exhaustive()
    }
}
