//! The span of a routine.

use std::sync::atomic::{AtomicU8, Ordering};

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Level, Span};

use crate::id::RoutineId;
use crate::panic;
use crate::registry::Slot;
use crate::report::Subject;
use crate::start::SpanMode;
use crate::text;

/// How talkative a level is, from 1 for errors to 5 for traces; 0 for no span.
static LEVEL: AtomicU8 = AtomicU8::new(3);

/// Chooses the level of the routines' spans for the process, `INFO` unless this says otherwise; `None` for no spans.
///
/// A routine's span has the name and the target `routine`, so a filter such as `routine=off` turns the spans off too, and the
/// records of failures with them. A span that is off costs a load and a comparison where no subscriber is installed, some
/// twenty instructions where one filters it out. One that is on costs an allocation, what the subscriber does with it, and
/// around every poll its enter and exit with two short locks of the routine's own.
///
/// ```
/// routine::set_span_level(Some(tracing::Level::DEBUG));
/// ```
pub fn set_span_level(level: Option<Level>) {
    LEVEL.store(level.map_or(0, talk), Ordering::Relaxed);
}

fn talk(level: Level) -> u8 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// Whether a routine is to have a span: it may, and a subscriber wants one.
#[inline]
pub(crate) fn wanted(mode: SpanMode) -> bool {
    let most = LevelFilter::current();
    // Asked first by itself, since nothing else is to be asked where nobody listens.
    most != LevelFilter::OFF && mode != SpanMode::Off && reaches(LEVEL.load(Ordering::Relaxed), most) && enabled()
}

#[cold]
fn reaches(level: u8, most: LevelFilter) -> bool {
    let most = most.into_level().map_or(0, talk);
    level != 0 && level <= most
}

/// Whether the subscriber here wants spans of the target at all: a filter such as `routine=off` is asked once for the process.
#[cold]
#[inline(never)]
fn enabled() -> bool {
    // A subscriber's code may run here.
    let enabled = panic::contain(|| match LEVEL.load(Ordering::Relaxed) {
        1 => tracing::span_enabled!(target: "routine", Level::ERROR),
        2 => tracing::span_enabled!(target: "routine", Level::WARN),
        4 => tracing::span_enabled!(target: "routine", Level::DEBUG),
        5 => tracing::span_enabled!(target: "routine", Level::TRACE),
        _ => tracing::span_enabled!(target: "routine", Level::INFO),
    });
    enabled.unwrap_or_else(|payload| {
        panic::drop_payload(payload);
        false
    })
}

/// A level is part of a span's static description, hence five of them. A span has what tells routines apart and no more,
/// since the usual formatter writes it before every line that is logged inside; a failure's record has the rest.
macro_rules! span_at {
    ($level:ident, $subject:expr, $name:expr, $($parent:tt)*) => {
        tracing::span!(
            target: "routine",
            $($parent)*
            Level::$level,
            "routine",
            routine.id = $subject.id.map(RoutineId::get),
            routine.name = %$name,
            trace_id = %$subject.trace.root(),
            span_id = %$subject.trace.segment(),
            routine.fields = $subject.fields().map(tracing::field::display),
        )
    };
}

macro_rules! span {
    ($subject:expr, $name:expr, $($parent:tt)*) => {
        match LEVEL.load(Ordering::Relaxed) {
            1 => span_at!(ERROR, $subject, $name, $($parent)*),
            2 => span_at!(WARN, $subject, $name, $($parent)*),
            4 => span_at!(DEBUG, $subject, $name, $($parent)*),
            5 => span_at!(TRACE, $subject, $name, $($parent)*),
            _ => span_at!(INFO, $subject, $name, $($parent)*),
        }
    };
}

/// The span of a routine that starts here; `None` where a filter wants none.
#[cold]
pub(crate) fn new(subject: &Subject, mode: SpanMode) -> Option<Span> {
    // A subscriber's code runs here.
    let span = panic::contain(|| make(subject, mode));
    span.map_err(panic::drop_payload).ok().filter(|span| !span.is_disabled())
}

fn make(subject: &Subject, mode: SpanMode) -> Span {
    let name = text::cleaned(&subject.name, text::NAME);
    match mode {
        SpanMode::Off => Span::none(),
        SpanMode::Child => span!(subject, name,),
        SpanMode::Follows => {
            let span = span!(subject, name, parent: None,);
            span.follows_from(Span::current());
            span
        }
    }
}

/// Enters the span of a routine around one of its turns. It stays in the slot, so a turn carries nothing of it.
#[cold]
#[inline(never)]
pub(crate) fn enter(slot: &Slot) {
    tell(slot, Dispatch::enter);
}

#[cold]
#[inline(never)]
pub(crate) fn leave(slot: &Slot) {
    tell(slot, Dispatch::exit);
}

/// Leaves the span of a routine that has ended, and lets go of it.
#[cold]
#[inline(never)]
pub(crate) fn close(slot: &Slot) {
    leave(slot);
    lose(slot);
}

/// Tells a span's subscriber, outside the slot's lock since its code runs. One that panics loses the span.
fn tell(slot: &Slot, what: fn(&Dispatch, &tracing::Id)) {
    let span = slot
        .with_extra(|extra| extra.span.as_ref()?.with_subscriber(|(id, subscriber)| (id.clone(), subscriber.clone())));
    if let Some((id, subscriber)) = span {
        if let Err(payload) = panic::contain(|| what(&subscriber, &id)) {
            panic::drop_payload(payload);
            lose(slot);
        }
    }
}

fn lose(slot: &Slot) {
    let span = slot.with_extra(|extra| extra.span.take());
    panic::swallow(|| drop(span));
}

#[cfg(test)]
mod tests;
