//! Work on each item of an input, side by side.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::under_way::UnderWay;
use crate::error::Error;
use crate::outcome::IntoOutcome;

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

impl<S: fmt::Debug, W, T> fmt::Debug for Map<S, W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("input", &self.input)
            .field("limit", &self.limit)
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}
