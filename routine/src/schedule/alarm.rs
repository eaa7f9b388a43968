//! What a schedule waits with: one timer, on tokio's clock, and where its plan hangs on it, a look at the wall clock.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::runtime;
use tokio::time::{Instant, Sleep, sleep_until};

use super::error::Invalid;
use super::timetable::Now;
use super::wall::WallClock;
use super::watch::Member;
use crate::panic;

/// What a timer is made with, before it is set. Nothing hangs on it: tokio's timers hold some two years, one that is set for
/// later may fire before, and whoever waits looks at the clocks again.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pin_project! {
    /// A timer that is set anew whenever its owner has looked at the clocks.
    pub(super) struct Alarm {
        #[pin]
        sleep: Sleep,
        set_for: Option<Instant>,
        member: Option<Member>,
    }
}

impl Alarm {
    /// For the runtime that is current. With a clock, it is the wall clock that is waited for.
    pub(super) fn new(clock: Option<Arc<dyn WallClock>>) -> Result<Self, Invalid> {
        if runtime::Handle::try_current().is_err() {
            return Err(Invalid::NoRuntime);
        }
        // Tokio panics where timers are not enabled, and offers no way to ask first.
        let sleep = panic::contain(|| sleep_until(Instant::now() + FAR)).map_err(|payload| {
            panic::drop_payload(payload);
            Invalid::NoTimers
        })?;
        Ok(Self { sleep, set_for: None, member: clock.map(Member::of) })
    }

    /// Reads the clocks.
    pub(super) fn now(self: Pin<&mut Self>, cx: &Context<'_>) -> Now {
        let member = self.project().member;
        if let Some(member) = member {
            member.join(cx.waker());
        }
        Now { now: Instant::now(), wall: member.as_ref().map(Member::read) }
    }

    /// Waits until it is time to look at the clocks again: at `at`, or since the wall clock was set.
    pub(super) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, now: &Now, at: Option<Instant>) -> Poll<()> {
        let mut this = self.project();
        let look_at = this.member.as_mut().and_then(|member| member.look(now));
        let Some(at) = at.into_iter().chain(look_at).min() else {
            // A timer that was set for something else may wake its owner once for nothing.
            return Poll::Pending;
        };
        if *this.set_for != Some(at) {
            this.sleep.as_mut().reset(at);
            *this.set_for = Some(at);
        }
        let polled = this.sleep.poll(cx);
        if polled.is_ready() {
            *this.set_for = None;
        }
        polled
    }
}
