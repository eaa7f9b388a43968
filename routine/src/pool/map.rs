//! Work on each item of an input, on the workers of a pool.

use std::any::type_name;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::Pool;
use super::under_way::UnderWay;
use crate::error::{Error, Refusal};
use crate::group::{Items, here};
use crate::outcome::IntoOutcome;
use crate::policy::Policy;
use crate::registry::Flags;
use crate::start::Start;

impl Pool {
    /// Works on each item of an iterator, on the workers of this pool, each in a routine of its own. The results come as a stream,
    /// in the order of the items; with [`as_completed`](PoolMap::as_completed), as the jobs end.
    ///
    /// The input is pulled lazily, thirty-two items a worker ahead at most, and 4,096 beyond the workers, so memory does not grow
    /// with it; what a job needs of memory is used again for the next. A pool that is resized is pulled for as it is from the
    /// next items on. The jobs wait for workers in turn with those that are submitted, and take no place of the queue from them.
    ///
    /// A failure is an item, and ends nothing else. A pool that closes meanwhile gives an error, and then the end. So does
    /// polling the stream inside a job of this pool, which would hold the worker that it waits for. Dropping the stream ends the
    /// jobs that are under way, each counted as cancelled; what failed unasked is reported.
    ///
    /// `work` is called with each item and gives the future; what that uses must be its own, so clone into it.
    ///
    /// ```
    /// use routine::Pool;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::builder("sizes").workers(4).build()?;
    /// let mut sizes = pool.map(["a.csv", "bc.csv"], |name| async move { Ok::<_, std::io::Error>(name.len()) });
    /// let mut total = 0;
    /// while let Some(size) = sizes.next().await {
    ///     total += size?;
    /// }
    /// assert_eq!(total, 11);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn map<I, F, W>(
        &self,
        items: I,
        work: W,
    ) -> PoolMap<Items<I::IntoIter>, W, F, <F::Output as IntoOutcome>::Value>
    where
        I: IntoIterator,
        W: FnMut(I::Item) -> F,
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let start = Start::typed(type_name::<F>, Policy::Log);
        self.map_as(&start, Flags::ON_RUNTIME, Items::of(items), work)
    }

    /// [`map`](Self::map) for an input that is a stream: a channel's receiver, the lines of a file.
    #[track_caller]
    pub fn map_stream<S, F, W>(&self, input: S, work: W) -> PoolMap<S, W, F, <F::Output as IntoOutcome>::Value>
    where
        S: Stream,
        W: FnMut(S::Item) -> F,
        F: Future<Output: IntoOutcome<Value: Send> + 'static> + Send + 'static,
    {
        let start = Start::typed(type_name::<F>, Policy::Log);
        self.map_as(&start, Flags::ON_RUNTIME, input, work)
    }

    /// [`map_stream`](Self::map_stream) with jobs that say of themselves where they were started, and on what they run.
    pub(super) fn map_as<S, F, W, T>(&self, start: &Start, flags: Flags, input: S, work: W) -> PoolMap<S, W, F, T>
    where
        F: Future,
    {
        let under_way = UnderWay::of(self.clone(), start.origin(), flags.with(Flags::QUIET).with(Flags::QUEUED));
        PoolMap { input, source: Source::Open, work, under_way }
    }
}

pin_project! {
    /// The results of [`Pool::map`] and [`Pool::map_stream`], a [`Stream`] of `Result<T, Error>`.
    #[must_use = "nothing runs until results are asked for"]
    pub struct PoolMap<S, W, F, T>
    where
        F: Future,
    {
        #[pin]
        input: S,
        source: Source,
        work: W,
        under_way: UnderWay<F, T>,
    }
}

/// Whether more items may come.
enum Source {
    Open,
    /// It ended by itself, or by an error that was told.
    Over,
    Refused(Refusal),
}

impl<S, W, F: Future, T> PoolMap<S, W, F, T> {
    /// Gives the results as the jobs end, and not in the order of their items. A slow job then holds back no other. Asked for
    /// after the first result, it holds from the next on.
    pub fn as_completed(self) -> Self {
        self.under_way.as_completed();
        self
    }
}

impl<S, W, F, T> PoolMap<S, W, F, T>
where
    S: Stream + Unpin,
    W: FnMut(S::Item) -> F,
    F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    T: Send + 'static,
{
    /// The next result; `None` once the input is over and all jobs have ended.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S, W, F, T> Stream for PoolMap<S, W, F, T>
where
    S: Stream,
    W: FnMut(S::Item) -> F,
    F: Future<Output: IntoOutcome<Value = T> + 'static> + Send + 'static,
    T: Send + 'static,
{
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if matches!(this.source, Source::Open) && this.under_way.wants_more() {
            if this.under_way.is_inside() {
                *this.source = Source::Refused(Refusal::OwnPool);
            }
            while matches!(this.source, Source::Open) && this.under_way.has_room() {
                if this.under_way.is_closed() {
                    *this.source = Source::Refused(Refusal::PoolClosed);
                    break;
                }
                match this.input.as_mut().poll_next(cx) {
                    Poll::Ready(Some(item)) => this.under_way.begin((this.work)(item)),
                    Poll::Ready(None) => *this.source = Source::Over,
                    Poll::Pending => break,
                }
            }
        }
        this.under_way.put();
        if this.under_way.len() > 0 {
            return this.under_way.poll(cx).map(Some);
        }
        match mem::replace(this.source, Source::Over) {
            Source::Over => Poll::Ready(None),
            Source::Refused(refusal) => Poll::Ready(Some(Err(Error::rejected(here(MAP), refusal)))),
            Source::Open => {
                *this.source = Source::Open;
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let under_way = self.under_way.len();
        match self.source {
            Source::Open => {
                let (least, most) = self.input.size_hint();
                (least.saturating_add(under_way), most.and_then(|most| most.checked_add(under_way)))
            }
            Source::Refused(_) => (under_way + 1, Some(under_way + 1)),
            Source::Over => (under_way, Some(under_way)),
        }
    }
}

/// What the refusal of a map is about, which has no name of its own.
const MAP: &str = "a map over a pool";

impl<S: fmt::Debug, W, F: Future, T> fmt::Debug for PoolMap<S, W, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMap")
            .field("input", &self.input)
            .field("pool", self.under_way.pool())
            .field("under_way", &self.under_way.len())
            .finish_non_exhaustive()
    }
}
