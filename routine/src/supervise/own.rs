//! The supervisor's own routine, for all who wait for its end: they all look at the one handle, and each is told. A lock of one of
//! them would hold up the others when it is not polled any more, as the loser of a `select!`.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use tokio::sync::oneshot;

use crate::error::Error;
use crate::handle::Handle;

type Ended = Result<(), Error>;

pub(super) struct Own {
    routine: Mutex<Routine>,
    waiters: Arc<Waiters>,
}

enum Routine {
    /// It has not started. If it never does, or not as a routine of its own, the sender is dropped.
    Coming(oneshot::Receiver<Result<Handle<()>, Error>>),
    Here(Handle<()>),
    /// Somebody looks at it, outside the lock; and whether somebody else wanted to meanwhile.
    LookedAt(bool),
    Ended(Ended),
}

impl Own {
    pub(super) fn new(routine: oneshot::Receiver<Result<Handle<()>, Error>>) -> Self {
        Self { routine: Mutex::new(Routine::Coming(routine)), waiters: Arc::default() }
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Ended> {
        if let Routine::Ended(ended) = &*self.routine() {
            return Poll::Ready(ended.clone());
        }
        // Before the look, so that nothing is missed between it and the wait.
        self.waiters.add(cx.waker());
        let mut routine = self.routine();
        match mem::replace(&mut *routine, Routine::LookedAt(false)) {
            Routine::Ended(ended) => {
                *routine = Routine::Ended(ended.clone());
                Poll::Ready(ended)
            }
            Routine::LookedAt(_) => {
                *routine = Routine::LookedAt(true);
                Poll::Pending
            }
            mut looked_at => {
                drop(routine);
                let polled = looked_at.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.waiters))));
                let after = match &polled {
                    Poll::Ready(ended) => Routine::Ended(ended.clone()),
                    Poll::Pending => looked_at,
                };
                // Who came meanwhile may have come because there is something to see.
                let is_wanted = matches!(mem::replace(&mut *self.routine(), after), Routine::LookedAt(true));
                if polled.is_ready() || is_wanted {
                    self.waiters.wake_by_ref();
                }
                polled
            }
        }
    }

    fn routine(&self) -> MutexGuard<'_, Routine> {
        self.routine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Routine {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        if let Self::Coming(coming) = self {
            match ready!(Pin::new(coming).poll(cx)) {
                Ok(Ok(handle)) => *self = Self::Here(handle),
                Ok(Err(refused)) => return Poll::Ready(Err(refused)),
                Err(_) => return Poll::Ready(Ok(())),
            }
        }
        match self {
            Self::Here(handle) => Pin::new(handle).poll(cx),
            Self::Coming(_) | Self::LookedAt(_) | Self::Ended(_) => Poll::Pending,
        }
    }
}

/// Those who wait: all are woken when there is something to look at.
#[derive(Default)]
struct Waiters(Mutex<Vec<Waker>>);

impl Waiters {
    fn add(&self, waker: &Waker) {
        // Cloned before the lock, since it may be a user's.
        let new = waker.clone();
        let mut waiters = self.waiters();
        if waiters.iter().any(|known| known.will_wake(&new)) {
            drop(waiters);
            drop(new);
        } else {
            waiters.push(new);
        }
    }

    fn waiters(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiters {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiters = mem::take(&mut *self.waiters());
        waiters.into_iter().for_each(Waker::wake);
    }
}
