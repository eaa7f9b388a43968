//! Waiting for room in a group, without a place in its queue.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::shared::Shared;

/// Resolves once a member that starts then would run at once, or the group is over. Dropped, it leaves nothing with the group.
pub(super) struct Room<'a> {
    group: &'a Shared,
    /// Under which number the group knows it.
    number: Option<u64>,
}

impl<'a> Room<'a> {
    pub(super) const fn of(group: &'a Shared) -> Self {
        Self { group, number: None }
    }
}

impl Future for Room<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let group = self.group;
        group.poll_room(&mut self.number, cx)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.group.give_up_room(number);
        }
    }
}
