//! What a routine is started with: the options of the builder and of the macros, and where the start was written.

use std::borrow::Cow;
use std::fmt::Display;
use std::panic::Location;
use std::time::Duration;

use crate::policy::Policy;
use crate::registry::{Extra, Flags, Own, Timeout};
use crate::site::{self, Site};

/// Which span a routine gets, where spans are on (see [`set_span_level`](crate::set_span_level)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanMode {
    /// A child of the span that is current at the start, which therefore stays open until the routine has ended.
    #[default]
    Child,
    /// A root span that follows from the current one: right for a loop that outlives the request that started it.
    Follows,
    /// None.
    Off,
}

/// Where a start was written.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// At a site of its own, named after the type of its body where the site has no name.
    Here(&'static Site, fn() -> &'static str),
    /// At the caller of an attributed function.
    Called(&'static Site, &'static Location<'static>),
    /// At the call of a function, which names the routine after the type it was given.
    Typed(fn() -> &'static str, &'static Location<'static>),
}

/// The options of one start.
#[doc(hidden)]
#[must_use = "options start nothing by themselves"]
#[derive(Debug)]
pub struct Start {
    place: Place,
    pub(crate) policy: Policy,
    pub(crate) flags: Flags,
    pub(crate) span: SpanMode,
    /// The span is somebody's choice.
    span_chosen: bool,
    pub(crate) own: Own,
}

impl Start {
    const fn at(place: Place, policy: Policy) -> Self {
        Self { place, policy, flags: Flags::NONE, span: SpanMode::Child, span_chosen: false, own: Own::NOTHING }
    }

    /// A start whose spawn site is the caller.
    #[inline]
    #[track_caller]
    pub fn new(site: &'static Site) -> Self {
        Self::at(Place::Called(site, Location::caller()), site.policy())
    }

    /// A start whose spawn site is the site itself.
    #[inline]
    pub const fn here(site: &'static Site) -> Self {
        Self::at(Place::Here(site, || ""), site.policy())
    }

    /// A start by a function, named after what it was given.
    #[inline]
    #[track_caller]
    pub(crate) const fn typed(type_name: fn() -> &'static str, policy: Policy) -> Self {
        Self::typed_at(type_name, policy, Location::caller())
    }

    /// [`typed`](Self::typed) for a start that is made later than it was written.
    #[inline]
    pub(crate) const fn typed_at(
        type_name: fn() -> &'static str,
        policy: Policy,
        caller: &'static Location<'static>,
    ) -> Self {
        Self::at(Place::Typed(type_name, caller), policy)
    }

    /// A start whose spawn site was noted before.
    pub(crate) const fn noted(
        type_name: fn() -> &'static str,
        place: &'static Location<'static>,
        policy: Policy,
    ) -> Self {
        Self::at(Place::Typed(type_name, place), policy)
    }

    /// Names the routine.
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.extra().name = Some(name.into());
        self
    }

    /// Adds a field to its span and its report.
    pub fn field(mut self, key: &'static str, value: impl Display) -> Self {
        let value = crate::text::clean(&value, crate::text::FIELD);
        self.extra().fields.push((key, value));
        self
    }

    /// Ends it after a time.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.extra().timeout = Some(Timeout { after, sleep: None });
        self.flags = self.flags.with(Flags::TIMEOUT);
        self
    }

    /// Has a failure that ends the process shut it down in order, within a time.
    pub fn graceful(mut self, deadline: Duration) -> Self {
        self.extra().graceful = Some(deadline);
        self
    }

    /// Has the shutdown come to it in a later phase.
    pub fn phase(mut self, phase: u8) -> Self {
        self.extra().phase = Some(phase);
        self
    }

    /// Gives it a new trace.
    pub const fn root(mut self) -> Self {
        self.flags = self.flags.with(Flags::ROOT);
        self
    }

    /// Leaves its failure to whoever holds the handle.
    pub const fn quiet(mut self) -> Self {
        self.flags = self.flags.with(Flags::QUIET);
        self
    }

    /// Chooses its span.
    pub const fn span(mut self, span: SpanMode) -> Self {
        self.span = span;
        self.span_chosen = true;
        self
    }

    /// For what outlives whoever started it: a root span that follows, unless somebody chose another.
    pub(crate) const fn outlives(mut self) -> Self {
        if !self.span_chosen {
            self.span = SpanMode::Follows;
        }
        self
    }

    pub(crate) const fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Names the routine after what it was given, where nothing else does.
    #[inline]
    pub(crate) fn typed_as(mut self, type_name: fn() -> &'static str) -> Self {
        match &mut self.place {
            Place::Typed(named_by, _) | Place::Here(_, named_by) => *named_by = type_name,
            Place::Called(..) => {}
        }
        self
    }

    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.own.extra()
    }

    /// The number of the place in the table of origins.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(crate) fn origin(&self) -> u32 {
        self.place.origin()
    }
}

impl Place {
    // Always, so that a start whose place is known where it is written never has to be written to memory.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn origin(self) -> u32 {
        match self {
            Self::Here(site, named_by) => site::here(site, named_by),
            Self::Called(site, caller) => site::called(site, caller),
            Self::Typed(type_name, caller) => site::named_by_type(type_name, caller),
        }
    }
}
