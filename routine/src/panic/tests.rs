use std::panic::resume_unwind;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::in_place::{Returns, in_place_call};
use crate::policy::Policy;
use crate::site::Site;
use crate::start::Start;

/// The panic that ends a routine.
async fn ended<T: std::fmt::Debug>(routine: crate::Handle<T>) -> crate::Error {
    routine.await.unwrap_err()
}

#[inline(never)]
fn deliver(order: u32) {
    let empty: Vec<u32> = Vec::new();
    assert!(empty.contains(&order), "no order {order}");
}

#[tokio::test]
async fn a_panic_tells_its_message_and_place() {
    let error = ended(crate::go(async { deliver(7) })).await;
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "no order 7");
    let location = panic.location().unwrap();
    assert!(location.contains("panic") && location.contains("tests.rs:"), "{location}");
    assert_eq!(panic.stack(), None);
    assert_eq!(panic.to_string(), format!("panicked at {location}: no order 7"));
}

fn is_trimmed(stack: &str, outermost: &str) {
    let names: Vec<_> = stack.lines().filter_map(|line| line.split_once(": ")).map(|(_, name)| name).collect();
    assert!(names.first().is_some_and(|name| name.contains("deliver")), "{stack}");
    // An optimised build puts the outermost frames into their callers, which are not shown.
    assert!(!names.iter().any(|name| name.contains("tokio::runtime") || name.contains("Task<")), "{stack}");
    if cfg!(debug_assertions) {
        assert!(names.last().is_some_and(|name| name.contains(outermost)), "{stack}");
        assert!(stack.contains("tests.rs:"), "{stack}");
    }
}

#[tokio::test]
async fn under_recover_it_has_the_stack_of_the_users_frames() {
    let error = ended(crate::go_with_recover(async { deliver(8) })).await;
    is_trimmed(error.panic().unwrap().stack().unwrap(), "under_recover_it_has_the_stack");
}

#[tokio::test]
async fn the_stack_is_trimmed_through_boxes_and_other_futures() {
    let body: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async {
        let wait = std::time::Duration::from_secs(9);
        let _ = tokio::time::timeout(wait, async { deliver(9) }).await;
    });
    let error = ended(crate::go_with_recover(body)).await;
    is_trimmed(error.panic().unwrap().stack().unwrap(), "the_stack_is_trimmed_through");
}

#[tokio::test]
async fn a_panic_that_was_resumed_has_no_place() {
    let error = ended(crate::go_with_recover(async { resume_unwind(Box::new("from elsewhere")) })).await;
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "from elsewhere");
    assert!(panic.location().is_none() && panic.stack().is_none());
    assert_eq!(panic.to_string(), "panicked: from elsewhere");
}

#[tokio::test]
async fn a_panic_never_shows_the_place_of_another() {
    let error = ended(crate::go_with_recover(async {
        swallow(|| deliver(10));
        resume_unwind(Box::new("no order 11".to_owned()))
    }))
    .await;
    assert!(error.panic().unwrap().location().is_none());
    let error = ended(crate::go_with_recover(async {
        let inner = contain(|| std::panic::panic_any("no order 12".to_owned())).unwrap_err();
        let seen = read(&*inner, u64::MAX);
        assert!(seen.location().is_none(), "a capture of another routine was used");
        resume_unwind(inner)
    }))
    .await;
    assert!(error.panic().unwrap().location().is_none(), "it was asked for once already");
}

#[test]
fn a_message_is_short_and_on_one_line() {
    let long = take(Box::new("漢\n".repeat(50 << 20)), 0);
    assert!(long.message().len() <= text::MESSAGE + '…'.len_utf8());
    assert!(long.message().ends_with('…') && !long.message().contains('\n'));
    assert_eq!(take(Box::new(7_u8), 0).message(), "a payload that is no text");
}

/// A payload whose drop panics with another such.
struct Nested(u32);

impl Drop for Nested {
    fn drop(&mut self) {
        if self.0 > 0 {
            std::panic::panic_any(Nested(self.0 - 1));
        }
    }
}

#[test]
fn payloads_that_panic_when_dropped_do_not_escape() {
    for levels in [1, 3, 100] {
        drop_payload(Box::new(Nested(levels)));
    }
    let shared = std::sync::Arc::new(());
    drop_payload(Box::new(std::sync::Arc::clone(&shared)));
    assert_eq!(std::sync::Arc::strong_count(&shared), 1, "a payload that can be dropped was forgotten");
}

static SITE: Site = Site::new("inner", "panic::tests", file!(), line!(), 1, Policy::Log);

fn inner(body: impl FnOnce()) {
    in_place_call(Start::here(&SITE), Returns::value(), body);
}

#[tokio::test]
async fn a_panic_reported_inside_is_known_outside() {
    let known = crate::go_value(async {
        let payload = contain(|| inner(|| deliver(13))).unwrap_err();
        [was_reported(&*payload), was_reported(&*payload)]
    });
    assert_eq!(known.await.unwrap(), [true, false]);
}

/// Whether an outer routine that catches the panic of one in place takes it for reported after `between`.
async fn known_after(between: impl AsyncFnOnce() + Send + 'static) -> bool {
    let outer = async move {
        // The payload lives on, so that its address and message stand for another's that was given them.
        let payload = contain(|| inner(|| deliver(14))).unwrap_err();
        between().await;
        Ok::<_, crate::BoxError>(was_reported(&*payload))
    };
    let spawned = async { crate::Builder::new().spawn_local(outer).await };
    tokio::task::LocalSet::new().run_until(spawned).await.unwrap()
}

#[tokio::test]
async fn a_new_panic_is_not_taken_for_one_that_was_reported() {
    assert!(known_after(async || ()).await);
    assert!(!known_after(async || assert!(swallow(|| panic!("another")))).await);
}

#[tokio::test]
async fn what_goes_on_after_a_panic_takes_no_other_for_it() {
    assert!(!known_after(async || tokio::task::yield_now().await).await, "in another turn");
    assert!(!known_after(async || inner(|| ())).await, "after another routine in place");
}

/// Runs a routine in place in its drop.
struct InDrop;

impl Drop for InDrop {
    fn drop(&mut self) {
        inner(|| ());
    }
}

#[tokio::test]
async fn a_panic_on_its_way_is_known_after_what_drops_do() {
    let known = crate::go_value(async {
        let payload = contain(|| {
            let _drops = InDrop;
            inner(|| deliver(15));
        });
        was_reported(&*payload.unwrap_err())
    });
    assert!(known.await.unwrap());
}

#[tokio::test]
async fn another_routine_does_not_know_it() {
    let payload = crate::go_value(async { contain(|| inner(|| deliver(16))).unwrap_err() }).await.unwrap();
    assert!(!crate::go_value(async move { was_reported(&*payload) }).await.unwrap());
}

#[tokio::test]
async fn what_runs_in_place_under_recover_has_a_stack_and_hands_it_on() {
    let error = ended(crate::go_with_recover(async { inner(|| deliver(17)) })).await;
    let panic = error.panic().unwrap();
    is_trimmed(panic.stack().unwrap(), "what_runs_in_place_under_recover");
    assert!(panic.location().unwrap().contains("tests.rs:"), "{panic}");
    let error = ended(crate::go_with_recover(async { inner(|| inner(|| deliver(18))) })).await;
    assert!(error.panic().unwrap().stack().is_some());
    let error = ended(crate::go(async { inner(|| deliver(19)) })).await;
    let panic = error.panic().unwrap();
    assert!(panic.stack().is_none() && panic.location().is_some(), "{panic}");
}

/// The hook is the process's, so what concerns its installation runs in one of its own.
fn stderr_of(case: &str) -> String {
    let this = std::env::current_exe().unwrap();
    let child = Command::new(this)
        .args(["--exact", "panic::tests::child", "--nocapture", "--test-threads=1"])
        .env("ROUTINE_PANIC_CASE", case)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    String::from_utf8(child.stderr).unwrap()
}

#[test]
fn child() {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    match std::env::var("ROUTINE_PANIC_CASE").as_deref() {
        Ok("chained") => {
            std::panic::set_hook(Box::new(|_| {
                CALLS.fetch_add(1, Ordering::SeqCst);
            }));
            install();
            install();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                ended(crate::go(async { panic!("in a routine") })).await;
            });
            swallow(|| panic!("outside"));
            assert_eq!(CALLS.load(Ordering::SeqCst), 2);
        }
        Ok("while panicking") => {
            struct Installs;
            impl Drop for Installs {
                fn drop(&mut self) {
                    install();
                    assert!(!capture::is_installed());
                }
            }
            swallow(|| {
                let _installs = Installs;
                panic!("outside")
            });
            install();
            assert!(capture::is_installed());
        }
        Ok("last words") => inner(capture::tests::last_words_here),
        _ => {}
    }
}

#[test]
fn the_applications_hook_runs_once_for_every_panic() {
    stderr_of("chained");
}

#[test]
fn the_hook_is_installed_later_where_a_panic_is_under_way() {
    stderr_of("while panicking");
}

#[test]
fn before_an_abort_the_record_is_on_stderr() {
    let stderr = stderr_of("last words");
    assert!(
        stderr.contains("routine `inner` panicked at src/x.rs:1:2: boom, routine.id=1, routine.trace="),
        "{stderr}"
    );
}
