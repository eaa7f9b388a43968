//! Taking the current routine along to a thread that is not tokio's.

use std::sync::Arc;

use crate::context::Context;

/// The routine that was current when this was made, to be taken along to another thread: what runs inside has its trace,
/// its number and its cancellation, and what it starts is its child.
///
/// A carrier keeps no routine alive and does not wait for one: it may outlive the routine, whose trace then stands for
/// work that came after it. Cloning is cheap, and clones may be used from several threads at once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// routine::go(async {
///     let carrier = routine::carrier();
///     let trace = routine::trace::current();
///     std::thread::spawn(move || carrier.run(|| assert_eq!(routine::trace::current(), trace)))
///         .join()
///         .expect("the trace came along");
/// })
/// .await
/// .unwrap();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Carrier {
    context: Option<Arc<Context>>,
}

/// Takes the current routine along, see [`Carrier`]. Outside a routine, and where no trace is set, the carrier carries
/// nothing.
#[must_use]
pub fn carrier() -> Carrier {
    Carrier { context: Context::new(None).map(Arc::new) }
}

impl Carrier {
    /// Runs `work` here as a part of the routine.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = self.context.as_deref().map(Context::enter);
        work()
    }

    /// A closure that runs `work` as a part of the routine, wherever it is called: what `std::thread::spawn` and
    /// `rayon::spawn` take.
    pub fn wrap<R>(self, work: impl FnOnce() -> R) -> impl FnOnce() -> R {
        move || self.run(work)
    }
}
