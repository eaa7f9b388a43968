//! What a supervisor cannot be made with, what it cannot do, and what it fails with besides used up restarts.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// A [`Supervisor`](super::Supervisor) that could not be.
#[derive(Clone, Debug)]
pub struct InvalidSupervisor(Invalid);

#[derive(Clone, Debug)]
enum Invalid {
    Twice(Arc<str>),
    NoWindow,
}

impl InvalidSupervisor {
    pub(super) const fn twice(name: Arc<str>) -> Self {
        Self(Invalid::Twice(name))
    }

    pub(super) const fn no_window() -> Self {
        Self(Invalid::NoWindow)
    }
}

impl fmt::Display for InvalidSupervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Invalid::Twice(name) => write!(f, "two children are named `{name}`: give each its own name"),
            Invalid::NoWindow => {
                f.write_str("restarts within no time are never too many: give the budget a longer time")
            }
        }
    }
}

impl StdError for InvalidSupervisor {}

/// Why a supervisor did not do to a child what it was asked to.
#[derive(Clone, Debug)]
pub struct ChildError {
    name: Arc<str>,
    kind: ChildErrorKind,
    source: Option<Error>,
}

/// What a [`ChildError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildErrorKind {
    /// There is no child of that name.
    NotFound,
    /// There is one, which may not be running.
    NameTaken,
    /// It is running, or about to stop.
    Running,
    /// The supervisor is about to restart it.
    Restarting,
    /// It ended before it had started; the source is how.
    NotStarted,
    /// It was terminated before it had started.
    Terminated,
    /// Whoever asked was asked to stop before it had started, and waits no longer. The supervisor goes on with it.
    Cancelled,
    /// The supervisor is stopping, or has ended.
    SupervisorStopped,
}

impl ChildError {
    pub(super) const fn new(name: Arc<str>, kind: ChildErrorKind) -> Self {
        Self { name, kind, source: None }
    }

    pub(super) const fn not_started(name: Arc<str>, source: Error) -> Self {
        Self { name, kind: ChildErrorKind::NotStarted, source: Some(source) }
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> ChildErrorKind {
        self.kind
    }

    /// The name of the child.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            ChildErrorKind::NotFound => write!(f, "there is no child `{name}`"),
            ChildErrorKind::NameTaken => write!(f, "there is a child `{name}` already: remove it, or restart it"),
            ChildErrorKind::Running => write!(f, "the child `{name}` is running: terminate it first"),
            ChildErrorKind::Restarting => write!(f, "the child `{name}` is about to be restarted"),
            ChildErrorKind::NotStarted => write!(f, "the child `{name}` did not start"),
            ChildErrorKind::Terminated => write!(f, "the child `{name}` was terminated before it had started"),
            ChildErrorKind::Cancelled => {
                write!(f, "whoever waited for the child `{name}` to start was asked to stop; the child may start yet")
            }
            ChildErrorKind::SupervisorStopped => write!(f, "the supervisor of `{name}` is stopping, or has ended"),
        }
    }
}

impl StdError for ChildError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A child ended before it had started while its supervisor was starting, which then failed with this. The source is the error of
/// the child.
#[derive(Debug)]
pub struct ChildNotStarted {
    pub(super) child: Arc<str>,
    pub(super) source: Error,
}

impl ChildNotStarted {
    /// The name of the child.
    #[must_use]
    pub fn child(&self) -> &str {
        &self.child
    }
}

impl fmt::Display for ChildNotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its child `{}` did not start", self.child)
    }
}

impl StdError for ChildNotStarted {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.source)
    }
}
