//! A group whose members give values of one type.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::Location;

use super::shared::Waits;
use super::{GroupBuilder, GroupError, Scope};
use crate::cancel::CancelReason;
use crate::error::Error;
use crate::handle::Handle;
use crate::id::RoutineId;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::start::Start;

/// Routines that belong together and give values of one type: started one by one, and waited for together.
///
/// - [`join`](Self::join) waits for all: the first failure ends the others, and is returned with those that came after.
/// - [`settle`](Self::settle) waits for all and ends none: every member's own outcome.
/// - [`next`](Self::next) waits for one after the other, as they end.
///
/// Members are routines as any other, with a trace, hooks, and an entry in the registry. Their failures belong to the group:
/// what it does not hand over is reported. Dropping the group ends its members at their next await, each counted as
/// cancelled; it cannot wait for them, since a drop cannot: `join` or `settle` do, and [`group`](super::group) always does.
///
/// ```
/// use routine::Group;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut group = Group::builder().limit(4).build()?;
/// for number in 0..10_u32 {
///     group.go(async move { number.checked_mul(2).ok_or("too large") });
/// }
/// assert_eq!(group.join().await?.len(), 10);
/// # Ok(())
/// # }
/// ```
pub struct Group<T> {
    scope: Scope,
    /// In the order in which they were started; `None` once it was handed over.
    members: Vec<Option<Handle<T>>>,
    /// How many of them are `None`.
    gone: usize,
    /// Where a member is, for those that were started since somebody asked who has ended.
    places: HashMap<RoutineId, usize>,
    placed: usize,
    /// The place of a member that has ended, and whose handle was not asked yet.
    ending: Option<usize>,
}

/// Places of members that were handed over, at least, before they are closed up.
const GONE: usize = 16;

/// A start of a member whose end is told to whoever asks the group.
pub(super) fn asked_for(type_name: fn() -> &'static str, caller: &'static Location<'static>) -> Start {
    Start::typed_at(type_name, Policy::Log, caller).quiet()
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl Group<()> {
    /// A group with options.
    pub fn builder() -> GroupBuilder {
        GroupBuilder::default()
    }
}

impl<T> Group<T> {
    /// A group without a limit and without a deadline.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Scope::new(usize::MAX, None, None, Waits::Each))
    }

    pub(super) fn of(scope: Scope) -> Self {
        Self { scope, members: Vec::new(), gone: 0, places: HashMap::new(), placed: 0, ending: None }
    }

    /// What starts members of any type, also from inside a member. The group waits for them as for its own; what they give
    /// is their handles' alone.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Asks all members to stop, with a text that their errors tell; see [`Scope::cancel`].
    pub fn cancel(&self, why: impl Into<Cow<'static, str>>) {
        self.scope.cancel(why);
    }

    /// Waits until a member that is started then would run at once; see [`Scope::ready`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn ready(&self) {
        self.scope.ready().await;
    }
}

impl<T: Send + 'static> Group<T> {
    /// Starts a member; see [`Scope::go`]. Its number.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn go<F>(&mut self, future: F) -> RoutineId
    where
        F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    {
        self.go_as(asked_for(type_name::<F>, Location::caller()), future)
    }

    #[inline]
    #[track_caller]
    pub(super) fn go_as<F>(&mut self, start: Start, future: F) -> RoutineId
    where
        F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    {
        let handle = self.scope.go_as(start, future);
        self.keep(handle)
    }

    /// Starts a member whose value is taken as it is; see [`Scope::go_value`]. Its number.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn go_value<F>(&mut self, future: F) -> RoutineId
    where
        F: Future<Output = T> + Send + 'static,
    {
        let handle = self.scope.go_value_as(asked_for(type_name::<F>, Location::caller()), future);
        self.keep(handle)
    }

    /// Starts blocking work as a member; see [`Scope::go_blocking`]. Its number.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn go_blocking<F, R>(&mut self, work: F) -> RoutineId
    where
        F: FnOnce() -> R + Send + 'static,
        R: IntoOutcome<Value = T> + 'static,
    {
        let handle = self.scope.go_blocking_as(asked_for(type_name::<F>, Location::caller()), work);
        self.keep(handle)
    }

    /// Starts a member, if it can run at once; else the future comes back.
    ///
    /// # Errors
    /// The future, where the group has no room.
    ///
    /// # Panics
    /// Outside a tokio runtime, at the caller's line.
    #[track_caller]
    pub fn try_go<F>(&mut self, future: F) -> Result<RoutineId, F>
    where
        F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    {
        if self.scope.shared().has_room() { Ok(self.go(future)) } else { Err(future) }
    }

    #[inline]
    fn keep(&mut self, handle: Handle<T>) -> RoutineId {
        let id = handle.id();
        self.members.push(Some(handle));
        id
    }

    /// Waits for all members, those that start meanwhile included. Their values, in the order in which they were started.
    ///
    /// # Errors
    /// With the first failure, after which the others were ended and waited for. A member that was aborted gives no value
    /// either, and is the error where nothing failed.
    ///
    /// # Cancel safety
    /// Dropping the future drops the group, which ends its members.
    pub async fn join(mut self) -> Result<Vec<T>, GroupError> {
        self.scope.shared().fail_fast();
        self.idle().await;
        if let Some(error) = GroupError::of(self.scope.shared().take_failures()) {
            return Err(error);
        }
        let members = mem::take(&mut self.members);
        let mut values = Vec::with_capacity(members.len());
        for member in members.into_iter().flatten() {
            values.push(member.await.map_err(GroupError::alone)?);
        }
        // One that was started through the scope.
        self.scope.shared().take_cut().map_or(Ok(values), |cut| Err(GroupError::alone(cut)))
    }

    /// Waits for all members, those that start meanwhile included, and ends none of them. What each of them ended in, in the
    /// order in which they were started.
    ///
    /// # Cancel safety
    /// Dropping the future drops the group, which ends its members.
    pub async fn settle(mut self) -> Vec<Result<T, Error>> {
        self.idle().await;
        let members = mem::take(&mut self.members);
        let mut outcomes = Vec::with_capacity(members.len());
        for member in members.into_iter().flatten() {
            outcomes.push(member.await);
        }
        outcomes
    }

    /// Waits for the next member to end; `None` once none is left. A failure is handed over, and ends no other member.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        let outcome = self.ended().await?;
        if let Err(error) = &outcome {
            self.scope.shared().forget_failure(error);
        }
        Some(outcome)
    }

    /// The value of the first member that gives one; `None` once all have ended without. Failures stay with the group.
    pub(super) async fn first_value(&mut self) -> Option<T> {
        loop {
            match self.ended().await? {
                Ok(value) => return Some(value),
                // Nobody has taken it yet, though its handle was asked.
                Err(error) => error.report_when_dropped(),
            }
        }
    }

    /// What the next member that ends gives.
    async fn ended(&mut self) -> Option<Result<T, Error>> {
        loop {
            if let Some(place) = self.ending {
                let member = self.members.get_mut(place)?.as_mut()?;
                let outcome = member.await;
                self.ending = None;
                self.members[place] = None;
                self.gone += 1;
                self.tidy();
                return Some(outcome);
            }
            let id = poll_fn(|cx| self.scope.shared().poll_ended(cx)).await.and_then(RoutineId::from_raw)?;
            self.ending = self.place(id);
        }
    }

    /// Closes up the places of those that were handed over, once they are more than the others, so that a group may live on.
    fn tidy(&mut self) {
        if self.gone > self.members.len() / 2 + GONE {
            self.members.retain(Option::is_some);
            self.gone = 0;
            self.places.clear();
            self.placed = 0;
        }
    }

    /// Where the member with that number is; `None` of one that a clone of the scope started.
    fn place(&mut self, id: RoutineId) -> Option<usize> {
        let new = self.members.iter().enumerate().skip(self.placed);
        self.places.extend(new.filter_map(|(place, member)| Some((member.as_ref()?.id(), place))));
        self.placed = self.members.len();
        self.places.remove(&id)
    }

    /// Waits until no member is left, for whoever asks for none of them before.
    pub(super) async fn idle(&self) {
        self.scope.shared().ask_for_all();
        poll_fn(|cx| self.scope.shared().poll_idle(cx)).await;
    }
}

impl<T> Drop for Group<T> {
    fn drop(&mut self) {
        self.scope.shared().kill(CancelReason::Dropped);
    }
}

impl<T> fmt::Debug for Group<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("scope", &self.scope)
            .field("members", &self.members.len())
            .finish_non_exhaustive()
    }
}
