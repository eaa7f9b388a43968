//! Work on each item of an input, side by side.

use std::any::type_name;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Scope;
use super::scope::EndWhenDropped;
use super::shared::{Shared, Waits};
use super::typed::asked_for;
use crate::error::Error;
use crate::handle::Handle;
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::start::Start;

/// Works on each item of an iterator, `limit` at once, each in a routine of its own. The results come as a stream, in the order
/// of the items; with [`as_completed`](Map::as_completed), as the routines end.
///
/// The input is pulled lazily: an item is taken only when there is room for its routine, and whoever does not ask for results
/// stops the input. So memory does not grow with the input: at most `limit` items are under way or wait to be handed over.
///
/// A failure is an item, and ends nothing else. Dropping the stream ends the routines that are under way, each counted as
/// cancelled; what failed unasked is reported.
///
/// `work` is called with each item and gives the future; what that uses must be its own, so clone into it.
///
/// # Panics
/// With a limit of 0, under which nothing would ever run; and, when it is polled, outside a tokio runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), routine::Error> {
/// let mut sizes = routine::map(["a.csv", "bc.csv"], 8, |name| async move { Ok::<_, std::io::Error>(name.len()) });
/// let mut total = 0;
/// while let Some(size) = sizes.next().await {
///     total += size?;
/// }
/// assert_eq!(total, 11);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn map<I, F, W>(items: I, limit: usize, work: W) -> Map<Items<I::IntoIter>, W, <F::Output as IntoOutcome>::Value>
where
    I: IntoIterator,
    W: FnMut(I::Item) -> F,
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    map_stream(Items::of(items), limit, work)
}

/// [`map`] for an input that is a stream: a channel's receiver, the lines of a file.
///
/// # Panics
/// With a limit of 0; and, when it is polled, outside a tokio runtime.
#[track_caller]
pub fn map_stream<S, F, W>(input: S, limit: usize, work: W) -> Map<S, W, <F::Output as IntoOutcome>::Value>
where
    S: Stream,
    W: FnMut(S::Item) -> F,
    F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
{
    assert!(limit > 0, "a map with a limit of 0 would never run anything");
    Map { input, is_over: false, work, limit, under_way: UnderWay::at(Location::caller()) }
}

/// An iterator, as [`map`] pulls it.
#[derive(Debug)]
pub struct Items<I> {
    items: I,
}

impl<I> Items<I> {
    pub(crate) fn of(items: impl IntoIterator<IntoIter = I>) -> Self {
        Self { items: items.into_iter() }
    }
}

// The iterator is never pinned.
impl<I> Unpin for Items<I> {}

impl<I: Iterator> Stream for Items<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.items.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

pin_project! {
    /// The results of [`map`] and [`map_stream`], a [`Stream`] of `Result<T, Error>`.
    #[must_use = "nothing runs until results are asked for"]
    pub struct Map<S, W, T> {
        #[pin]
        input: S,
        is_over: bool,
        work: W,
        limit: usize,
        under_way: UnderWay<T>,
    }
}

impl<S, W, T> Map<S, W, T> {
    /// Gives the results as the routines end, and not in the order of their items. A slow item then holds back no other. Asked for
    /// after the first result, it holds from the next on.
    pub fn as_completed(mut self) -> Self {
        self.under_way.as_completed();
        self
    }
}

impl<S, W, F, T> Map<S, W, T>
where
    S: Stream + Unpin,
    W: FnMut(S::Item) -> F,
    F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    T: Send + 'static,
{
    /// The next result; `None` once the input is over and all routines have ended.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S, W, F, T> Stream for Map<S, W, T>
where
    S: Stream,
    W: FnMut(S::Item) -> F,
    F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    T: Send + 'static,
{
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        while !*this.is_over && this.under_way.len() < *this.limit {
            match this.input.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => this.under_way.start((this.work)(item)),
                Poll::Ready(None) => *this.is_over = true,
                Poll::Pending => break,
            }
        }
        match ready!(this.under_way.poll_next(cx)) {
            None if !*this.is_over => Poll::Pending,
            result => Poll::Ready(result),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let under_way = self.under_way.len();
        if self.is_over {
            return (under_way, Some(under_way));
        }
        let (least, most) = self.input.size_hint();
        (least.saturating_add(under_way), most.and_then(|most| most.checked_add(under_way)))
    }
}

/// The routines whose results were not handed over yet.
struct UnderWay<T> {
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
    fn at(caller: &'static Location<'static>) -> Self {
        let group = Scope::new(usize::MAX, None, None, Waits::ForHandles);
        Self { group: EndWhenDropped(group), caller, handles: Handles::InOrder(VecDeque::new()) }
    }

    fn as_completed(&mut self) {
        if let Handles::InOrder(early) = &mut self.handles {
            let early = mem::take(early);
            self.handles = Handles::AsCompleted(Ends { early, handles: HashMap::new(), ending: None });
        }
    }

    fn len(&self) -> usize {
        match &self.handles {
            Handles::InOrder(handles) => handles.len(),
            Handles::AsCompleted(ends) => ends.early.len() + ends.handles.len() + usize::from(ends.ending.is_some()),
        }
    }

    fn start<F>(&mut self, future: F)
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

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
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

impl<S: fmt::Debug, W, T> fmt::Debug for Map<S, W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("input", &self.input)
            .field("limit", &self.limit)
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}
