//! The way that every start takes.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use tokio::runtime;

use crate::birth::{self, Born};
use crate::blocking::{Job, Queued};
use crate::current;
use crate::error::{Error, Refusal};
use crate::handle::Handle;
use crate::id::RoutineId;
use crate::launch::Launch;
use crate::policy::Policy;
use crate::registry::{Cold, Extra, Flags, Slot};
use crate::report::Subject;
use crate::shutdown;
use crate::site;
use crate::start::{SpanMode, Start};
use crate::stats::Count;
use crate::task::{Ending, Task};
use crate::thread;
use crate::trace::Trace;

/// A body as tokio is to hold it. In a dev build it is boxed, so that tokio's task is compiled once for each result
/// rather than for each body: a tenth of the time to build, for one allocation more.
#[cfg(debug_assertions)]
pub(crate) type Held<F> = std::pin::Pin<Box<dyn Future<Output = <F as Future>::Output> + Send>>;
#[cfg(not(debug_assertions))]
pub(crate) type Held<F> = F;

#[cfg(debug_assertions)]
pub(crate) fn hold<F: Future + Send + 'static>(body: F) -> Held<F> {
    Box::pin(body)
}

#[cfg(not(debug_assertions))]
#[inline]
pub(crate) fn hold<F: Future + Send + 'static>(body: F) -> Held<F> {
    body
}

/// Starts `body` on the runtime that is current.
#[inline]
pub(crate) fn start<K, F>(mut start: Start, body: F) -> Result<Handle<K::Value>, Error>
where
    F: Future + Send + 'static,
    F::Output: 'static,
    K: Ending<F::Output> + 'static,
    K::Value: Send + 'static,
{
    start.flags = start.flags.with(Flags::ON_RUNTIME);
    let spawner = current::slot();
    let born = match spawner {
        Some(spawner) if spawner.meta().is_plain_on_runtime() && birth::is_plain(&start) => {
            birth::begin_plain(start.origin(), start.policy, start.flags, spawner)
        }
        _ => {
            let (origin, own) = (start.origin(), start.own.take());
            // Gives the slot and not what was born in it, which would have to lie in memory for that.
            Born::of(begin_or_refuse(origin, start.policy, start.flags, start.span, own, spawner)?)
        }
    };
    Ok(Handle::new(tokio::spawn(Task::<K, Held<F>>::new(born.slot, hold(body))), born))
}

/// Begins what is not the child of a routine without options, where there is a runtime.
#[cold]
#[inline(never)]
fn begin_or_refuse(
    origin: u32,
    policy: Policy,
    flags: Flags,
    span: SpanMode,
    own: Option<Arc<Cold>>,
    spawner: Option<&'static Slot>,
) -> Result<&'static Slot, Error> {
    if !is_on_runtime(spawner) {
        let extra = own.as_deref().and_then(Cold::extra);
        return Err(refuse(origin, policy, extra, Refusal::NoRuntime));
    }
    let is_over = is_over(own.as_deref().and_then(Cold::extra), spawner);
    let slot = birth::begin_dressed(origin, policy, flags, span, own, None, spawner);
    if is_over {
        slot.refuse();
    }
    Ok(slot)
}

/// Whether there is a runtime for what starts here. Asking tokio costs two writes to a counter that all threads share; a routine
/// that it polls need not ask.
fn is_on_runtime(spawner: Option<&'static Slot>) -> bool {
    spawner.is_some_and(|spawner| spawner.meta().has(Flags::ON_RUNTIME)) || runtime::Handle::try_current().is_ok()
}

/// [`birth::begin`], for what does not run where the process is shutting down: its first turn will be its end.
pub(crate) fn begin(start: Start) -> Born {
    let spawner = current::slot();
    let is_over = is_over(start.own.get(), spawner);
    let born = birth::begin(start, spawner);
    if is_over {
        born.slot.refuse();
    }
    born
}

/// Whether the process is shutting down, for what would start here.
fn is_over(extra: Option<&Extra>, spawner: Option<&'static Slot>) -> bool {
    let phase = || extra.and_then(|extra| extra.phase).unwrap_or_else(|| spawner.map_or(0, Slot::phase));
    shutdown::refuses_some() && shutdown::refuses(phase())
}

/// The start, unless the process is shutting down.
pub(crate) fn if_open(start: Start) -> Result<Start, Error> {
    if is_over(start.own.get(), current::slot()) {
        return Err(refuse(start.origin(), start.policy, start.own.get(), Refusal::ShuttingDown));
    }
    Ok(start)
}

/// Starts `body` on `runtime`.
#[inline]
pub(crate) fn start_on<K, F>(mut start: Start, runtime: &runtime::Handle, body: F) -> Handle<K::Value>
where
    F: Future + Send + 'static,
    F::Output: 'static,
    K: Ending<F::Output> + 'static,
    K::Value: Send + 'static,
{
    start.flags = start.flags.with(Flags::ON_RUNTIME);
    let body = hold(body);
    let born = begin(start);
    Handle::new(runtime.spawn(Task::<K, Held<F>>::new(born.slot, body)), born)
}

/// Starts `body` on the runtime that is current, also where the process is shutting down.
pub(crate) fn start_shielded<K, F>(mut start: Start, body: F) -> Result<Handle<K::Value>, Error>
where
    F: Future + Send + 'static,
    F::Output: 'static,
    K: Ending<F::Output> + 'static,
    K::Value: Send + 'static,
{
    let Ok(runtime) = runtime::Handle::try_current() else {
        return Err(refuse(start.origin(), start.policy, start.own.get(), Refusal::NoRuntime));
    };
    start.flags = start.flags.with(Flags::ON_RUNTIME);
    let body = hold(body);
    let born = birth::begin(start, current::slot());
    Ok(Handle::new(runtime.spawn(Task::<K, Held<F>>::new(born.slot, body)), born))
}

/// Starts `body` on the thread of the current `LocalSet`.
///
/// # Panics
/// Outside one, as tokio does: it offers no way to ask first.
#[track_caller]
pub(crate) fn start_local<K, F>(start: Start, body: F) -> Handle<K::Value>
where
    F: Future + 'static,
    F::Output: 'static,
    K: Ending<F::Output> + 'static,
    K::Value: 'static,
{
    let born = begin(start);
    let launch = Launch::of(born.slot);
    let task = tokio::task::spawn_local(Task::<K, F>::new(born.slot, body));
    launch.done();
    Handle::new(task, born)
}

/// Starts `work` on the blocking pool of the runtime that is current.
#[inline]
pub(crate) fn start_blocking<K, F, R>(start: Start, work: F) -> Result<Handle<K::Value>, Error>
where
    F: FnOnce() -> R + Send + 'static,
    R: 'static,
    K: Ending<R> + 'static,
    K::Value: Send + 'static,
{
    match runtime::Handle::try_current() {
        Ok(runtime) => Ok(start_blocking_on::<K, F, R>(start, &runtime, work)),
        Err(_) => Err(refuse(start.origin(), start.policy, start.own.get(), Refusal::NoRuntime)),
    }
}

/// Starts `work` on the blocking pool of `runtime`.
pub(crate) fn start_blocking_on<K, F, R>(mut start: Start, runtime: &runtime::Handle, work: F) -> Handle<K::Value>
where
    F: FnOnce() -> R + Send + 'static,
    R: 'static,
    K: Ending<R> + 'static,
    K::Value: Send + 'static,
{
    start.flags = start.flags.with(Flags::BLOCKING);
    let born = begin(start);
    let job = Job::<K, R>::new(born.slot, Box::new(work));
    // Tokio panics where the system gives it no more threads.
    let launch = Launch::of(born.slot);
    let task = runtime.spawn_blocking(move || job.run());
    launch.done();
    Handle::new(task, born)
}

/// Starts `body` on the runtime that is current, as a member of a group.
#[inline]
pub(crate) fn start_member<K, F>(mut start: Start, member: Arc<Cold>, body: F) -> Result<Handle<K::Value>, Error>
where
    F: Future + Send + 'static,
    F::Output: 'static,
    K: Ending<F::Output> + 'static,
    K::Value: Send + 'static,
{
    let spawner = current::slot();
    if !is_on_runtime(spawner) {
        return Err(refuse(start.origin(), start.policy, start.own.get(), Refusal::NoRuntime));
    }
    start.flags = start.flags.with(Flags::ON_RUNTIME);
    let body = hold(body);
    let born = birth::begin_member(start, member, spawner);
    Ok(Handle::new(tokio::spawn(Task::<K, Held<F>>::new(born.slot, body)), born))
}

/// Starts blocking work as a member of a group, on the blocking pool of the runtime that is current, once the group has room
/// for it.
pub(crate) fn start_member_blocking<K, F, R>(
    mut start: Start,
    member: Arc<Cold>,
    work: F,
) -> Result<Handle<K::Value>, Error>
where
    F: FnOnce() -> R + Send + 'static,
    R: 'static,
    K: Ending<R> + 'static,
    K::Value: Send + 'static,
{
    let Ok(runtime) = runtime::Handle::try_current() else {
        return Err(refuse(start.origin(), start.policy, start.own.get(), Refusal::NoRuntime));
    };
    start.flags = start.flags.with(Flags::BLOCKING);
    let born = birth::begin_member(start, member, current::slot());
    let job = Job::<K, R>::new(born.slot, Box::new(work));
    if born.slot.meta().has(Flags::QUEUED) {
        return Ok(Handle::new(runtime.spawn(Queued::new(born.slot, job)), born));
    }
    let launch = Launch::of(born.slot);
    let task = runtime.spawn_blocking(move || job.run());
    launch.done();
    Ok(Handle::new(task, born))
}

/// The error of a routine that cannot start, counted but not reported: its caller holds it.
#[cold]
#[inline(never)]
fn refuse(origin: u32, policy: Policy, extra: Option<&Extra>, refusal: Refusal) -> Error {
    thread::count(Count::Rejected);
    let origin = site::origin(origin);
    let name = extra.and_then(|extra| extra.name.clone());
    let spawner = current::slot();
    Error::rejected(
        Subject {
            id: None,
            parent: spawner.and_then(|spawner| RoutineId::from_raw(spawner.routine())),
            name: name.unwrap_or(Cow::Borrowed(origin.name)),
            trace: spawner.map_or_else(Trace::new, Slot::trace),
            file: origin.file,
            line: origin.line,
            policy,
            fields: extra.map(|extra| extra.fields.clone()).unwrap_or_default(),
        },
        refusal,
    )
}

/// The handle, or the panic of a start that has no other way to say that it was refused.
#[inline]
#[track_caller]
pub(crate) fn started<T>(started: Result<Handle<T>, Error>) -> Handle<T> {
    match started {
        Ok(handle) => handle,
        Err(error) => refused(&error),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refused(error: &Error) -> ! {
    panic!("{error}")
}
