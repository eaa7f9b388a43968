//! What a routine is, as hooks, records and errors tell it.

use std::borrow::Cow;

use crate::id::RoutineId;
use crate::policy::Policy;
use crate::registry::{Cold, Extra, Heritage, Slot};
use crate::site;
use crate::trace::Trace;

/// The routine that a record is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) id: Option<RoutineId>,
    pub(crate) parent: Option<RoutineId>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) trace: Trace,
    /// The file and line that started it.
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) policy: Policy,
    /// Their values are clean, see [`text`](crate::text).
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Subject {
    /// The user's fields as one text.
    pub(crate) fn fields(&self) -> Option<String> {
        let pairs: Vec<_> = self.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join(" "))
    }
}

/// What a routine is, for hooks, reports and errors.
pub(crate) fn subject(slot: &Slot) -> Subject {
    let told =
        slot.with_cold(|cold| (cold.extra().and_then(|extra| extra.name.clone()), fields(cold.extra(), Some(cold))));
    let (name, fields) = told.unwrap_or_default();
    describe(slot, slot.parent(), name, fields)
}

/// The fields of a routine's own, and then the values that it inherited and that are to be seen.
pub(crate) fn fields(extra: Option<&Extra>, cold: Option<&Cold>) -> Vec<(&'static str, String)> {
    let mut fields = extra.map(|extra| extra.fields.clone()).unwrap_or_default();
    fields.extend(cold.and_then(Cold::heritage).into_iter().flat_map(Heritage::shown));
    fields
}

pub(crate) fn describe(
    slot: &Slot,
    parent: u64,
    name: Option<Cow<'static, str>>,
    fields: Vec<(&'static str, String)>,
) -> Subject {
    let origin = site::origin(slot.origin());
    Subject {
        id: RoutineId::from_raw(slot.segment()),
        parent: RoutineId::from_raw(parent),
        name: name.unwrap_or(Cow::Borrowed(origin.name)),
        trace: slot.trace(),
        file: origin.file,
        line: origin.line,
        policy: slot.meta().policy(),
        fields,
    }
}
