//! What a map has started and not handed over, in the order of the items or of the ends.

use std::any::type_name;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Scope;
use super::scope::EndWhenDropped;
use super::shared::{Shared, Waits};
use super::typed::asked_for;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::start::Start;

/// The routines whose results were not handed over yet.
pub(super) struct UnderWay<T> {
    group: EndWhenDropped<Scope>,
    /// Where the map was written.
    caller: &'static Location<'static>,
    handles: Handles<T>,
}

enum Handles<T> {
    InOrder(VecDeque<Handle<T>>),
    AsCompleted(Ends<T>),
}

/// In the order of the ends.
struct Ends<T> {
    /// Those that were started before this order was asked for, whose ends the group does not tell.
    early: VecDeque<Handle<T>>,
    /// The others, by their numbers.
    handles: HashMap<u64, Handle<T>>,
    /// One that has ended, and whose handle was not asked yet.
    ending: Option<Handle<T>>,
}

impl<T> UnderWay<T> {
    pub(super) fn at(caller: &'static Location<'static>) -> Self {
        let group = Scope::new(usize::MAX, None, None, Waits::Handles);
        Self { group: EndWhenDropped(group), caller, handles: Handles::InOrder(VecDeque::new()) }
    }

    pub(super) fn as_completed(&mut self) {
        if let Handles::InOrder(early) = &mut self.handles {
            let early = mem::take(early);
            self.handles = Handles::AsCompleted(Ends { early, handles: HashMap::new(), ending: None });
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.handles {
            Handles::InOrder(handles) => handles.len(),
            Handles::AsCompleted(ends) => ends.early.len() + ends.handles.len() + usize::from(ends.ending.is_some()),
        }
    }

    pub(super) fn start<F>(&mut self, future: F)
    where
        F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
        T: Send + 'static,
    {
        let scope = &self.group.0;
        match &mut self.handles {
            Handles::InOrder(handles) => {
                let start = Start::typed_at(type_name::<F>, Policy::Log, self.caller);
                handles.push_back(scope.go_as(start, future));
            }
            Handles::AsCompleted(ends) => {
                let handle = scope.go_as(asked_for(type_name::<F>, self.caller), future);
                ends.handles.insert(handle.id().get(), handle);
            }
        }
    }

    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        match &mut self.handles {
            Handles::InOrder(handles) => {
                let Some(next) = handles.front_mut() else { return Poll::Ready(None) };
                let result = ready!(Pin::new(next).poll(cx));
                handles.pop_front();
                Poll::Ready(Some(result))
            }
            Handles::AsCompleted(ends) => ends.poll_next(self.group.0.shared(), cx),
        }
    }
}

impl<T> Ends<T> {
    fn poll_next(&mut self, group: &Shared, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if let Some((place, result)) = self.early.iter_mut().enumerate().find_map(|(place, handle)| {
            let Poll::Ready(result) = Pin::new(handle).poll(cx) else { return None };
            Some((place, result))
        }) {
            self.early.remove(place);
            return Poll::Ready(Some(result));
        }
        loop {
            if let Some(ended) = &mut self.ending {
                let result = ready!(Pin::new(ended).poll(cx));
                self.ending = None;
                return Poll::Ready(Some(result));
            }
            if self.handles.is_empty() {
                return if self.early.is_empty() { Poll::Ready(None) } else { Poll::Pending };
            }
            let Some(id) = ready!(group.poll_ended(cx)) else { return Poll::Ready(None) };
            self.ending = self.handles.remove(&id);
        }
    }
}
