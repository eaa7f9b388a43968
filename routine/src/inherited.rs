//! Values that everything a routine starts inherits.

use std::any::Any;
use std::fmt::{self, Display};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::context::Context;
use crate::current;
use crate::registry::{Cold, Heritage, Slot, Value};
use crate::text;

/// The key of a value that is set for a scope, and inherited by all that is started inside, however deep: routines, blocking
/// work, routines in place, and what a [`Carrier`](crate::Carrier) takes along.
///
/// A key is a `static`. Its value is there while the scope's future is polled, and in every routine that was started
/// meanwhile, for as long as that lives; it never reaches a sibling, nor the task that the scope's thread turns to next. A
/// scope inside another hides the outer value. Values are shared, not copied, and dropped with the last routine that has
/// them; a panic of that drop goes no further than the panic hook.
///
/// ```
/// use routine::Inherited;
///
/// static TENANT: Inherited<String> = Inherited::shown("tenant");
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// TENANT
///     .scope("acme".to_owned(), async {
///         let inside = routine::go_value(async { TENANT.get() });
///         assert_eq!(inside.await.unwrap().as_deref(), Some("acme"));
///     })
///     .await;
/// assert_eq!(TENANT.get(), None);
/// # }
/// ```
///
/// A scope is one allocation and one slot of the registry; a routine that starts inside shares what it inherits, for one
/// count of an `Arc`. A scope outside any routine begins a [`Trace`](crate::Trace).
pub struct Inherited<T: 'static> {
    name: &'static str,
    show: Option<fn(&T) -> String>,
    value: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Inherited<T> {
    /// A key whose values only the program sees. The name is for `Debug`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, show: None, value: PhantomData }
    }

    /// A key whose values are seen: in the dump, in snapshots, and among the fields of spans and of failures' records, under
    /// `name`. They are formatted when they are set, made safe for one line, and cut where they are very long.
    #[must_use]
    pub const fn shown(name: &'static str) -> Self
    where
        T: Display,
    {
        Self { name, show: Some(|value| text::clean(value, text::FIELD)), value: PhantomData }
    }

    /// Sets the value for a future and all that it starts.
    ///
    /// # Cancel safety
    /// That of `future`.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> impl Future<Output = F::Output> + use<T, F> {
        Scoped { key: self, value: Some(value), context: None, future }
    }

    /// Sets the value for a closure and all that it starts.
    pub fn sync_scope<R>(&'static self, value: T, work: impl FnOnce() -> R) -> R {
        let context = self.enter(value);
        let _entered = context.as_ref().map(Context::enter);
        work()
    }

    /// Reads the value that is set here; `None` where there is none.
    pub fn with<R>(&'static self, read: impl FnOnce(&T) -> R) -> Option<R> {
        let value = self.find()?;
        value.downcast_ref().map(read)
    }

    /// A copy of the value that is set here; `None` where there is none.
    pub fn get(&'static self) -> Option<T>
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Taken out of the slot, so that no code of a user runs under its lock.
    fn find(&'static self) -> Option<Arc<dyn Any + Send + Sync>> {
        let heritage = current::slot().and_then(Slot::heritage)?;
        heritage.heritage().and_then(|heritage| heritage.get(self.key()))
    }

    fn enter(&'static self, value: T) -> Option<Context> {
        let shown = self.show.map(|show| show(&value).into());
        Context::with(None, |outer| {
            let outer = outer.as_deref().and_then(Cold::heritage);
            let value = Value { key: self.key(), name: self.name, shown, held: Some(Arc::new(value)) };
            Some(Arc::new(Cold::Heritage(Heritage::with(outer, value))))
        })
    }

    /// What those inherit that are to have the value, and the other values of `outer`, but no deadline.
    pub(crate) fn hand_on(&'static self, outer: Option<&Arc<Cold>>, value: T) -> Arc<Cold> {
        let outer = outer.and_then(|outer| outer.heritage());
        let value = Value { key: self.key(), name: self.name, shown: None, held: Some(Arc::new(value)) };
        Arc::new(Cold::Heritage(Heritage::with(outer, value).without_deadline()))
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl<T> fmt::Debug for Inherited<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inherited").field("name", &self.name).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Inherited::scope`].
    #[must_use = "a future does nothing unless it is awaited"]
    struct Scoped<T: 'static, F> {
        key: &'static Inherited<T>,
        // Until the first poll, which makes the context, so that the routine around it is the one that awaits it.
        value: Option<T>,
        context: Option<Context>,
        #[pin]
        future: F,
    }
}

impl<T: Send + Sync + 'static, F: Future> Future for Scoped<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(value) = this.value.take() {
            *this.context = this.key.enter(value);
        }
        let _entered = this.context.as_ref().map(Context::enter);
        this.future.poll(cx)
    }
}
