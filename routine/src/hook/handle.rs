//! What removes a hook.

use std::fmt;
use std::sync::Weak;

use super::HOOKS;
use super::set::Hook;

/// A hook that was added. Dropping this leaves the hook where it is.
#[derive(Clone)]
pub struct HookHandle {
    hook: Weak<Hook>,
}

impl HookHandle {
    pub(super) const fn of(hook: Weak<Hook>) -> Self {
        Self { hook }
    }

    /// Removes the hook, both parts of one that was added by
    /// [`add_around_routine`](crate::add_around_routine). Whether it was there; `false` the second time.
    ///
    /// Routines that begin after this do not run it. Those that began before run it still: an after-hook may be running
    /// now, and may run later. The callback is dropped with the last of them, on its thread; a panic of that goes no
    /// further.
    pub fn remove(&self) -> bool {
        self.hook.upgrade().is_some_and(|hook| HOOKS.remove(&hook))
    }
}

impl fmt::Debug for HookHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.hook.upgrade().map(|hook| hook.site().to_string());
        f.debug_struct("HookHandle").field("added_at", &site).finish()
    }
}
