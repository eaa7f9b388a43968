//! Sets of hooks by themselves, without routines; `tests/it/hooks.rs` has those.

use std::borrow::Cow;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use proptest::prelude::*;

use super::set::{Hook, Hooks};
use super::{Begin, End};
use crate::id::RoutineId;
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::report::Subject;
use crate::trace::Trace;

fn subject() -> Subject {
    Subject {
        id: RoutineId::from_raw(7),
        parent: None,
        name: Cow::Borrowed("tested"),
        trace: Trace::new(),
        file: file!(),
        line: line!(),
        policy: Policy::Log,
        fields: Vec::new(),
    }
}

fn begin(hooks: &Hooks) -> u32 {
    if hooks.current() == 0 { 0 } else { hooks.before(&Begin::new(&subject(), true)) }
}

fn end(hooks: &Hooks, set: u32) {
    if set != 0 {
        hooks.after(set, &End::new(&subject(), true, Outcome::Completed, Duration::ZERO));
    }
}

#[track_caller]
fn around(
    hooks: &Hooks,
    before: impl Fn() + Send + Sync + 'static,
    after: impl Fn() + Send + Sync + 'static,
) -> Weak<Hook> {
    let before = Box::new(move |_: &Begin<'_>| before());
    let after = Box::new(move |_: &End<'_>| after());
    hooks.add(Hook::new(Some(before), Some(after), Location::caller()))
}

fn remove(hooks: &Hooks, hook: &Weak<Hook>) -> bool {
    hook.upgrade().is_some_and(|hook| hooks.remove(&hook))
}

/// Hooks that note their name when they run.
fn noting(hooks: &Hooks, notes: &Arc<Mutex<Vec<String>>>, name: usize) -> Weak<Hook> {
    let (before, after) = (Arc::clone(notes), Arc::clone(notes));
    around(
        hooks,
        move || before.lock().unwrap().push(format!("before {name}")),
        move || after.lock().unwrap().push(format!("after {name}")),
    )
}

#[test]
fn before_in_order_after_in_reverse() {
    let (hooks, notes) = (Hooks::new(), Arc::default());
    for name in 1..=3 {
        noting(&hooks, &notes, name);
    }
    end(&hooks, begin(&hooks));
    assert_eq!(*notes.lock().unwrap(), ["before 1", "before 2", "before 3", "after 3", "after 2", "after 1"]);
}

#[test]
fn a_routine_keeps_the_hooks_that_it_began_under() {
    let (hooks, notes) = (Hooks::new(), Arc::default());
    let first = noting(&hooks, &notes, 1);
    let set = begin(&hooks);
    noting(&hooks, &notes, 2);
    assert!(remove(&hooks, &first));
    assert!(!remove(&hooks, &first));
    end(&hooks, set);
    assert_eq!(*notes.lock().unwrap(), ["before 1", "after 1"]);
    assert!(first.upgrade().is_none());
    assert_eq!(hooks.len(), 1);
}

#[test]
fn without_hooks_there_is_no_set() {
    let hooks = Hooks::new();
    assert_eq!(hooks.before(&Begin::new(&subject(), true)), 0);
    let hook = around(&hooks, || (), || ());
    assert_ne!(hooks.current(), 0);
    remove(&hooks, &hook);
    assert_eq!(hooks.current(), 0);
    assert_eq!(hooks.len(), 0);
}

#[test]
fn numbers_are_given_again_but_not_while_a_routine_has_one() {
    let hooks = Hooks::new();
    let hook = around(&hooks, || (), || ());
    let held = begin(&hooks);
    remove(&hooks, &hook);
    let mut most = 0;
    for _ in 0..1000 {
        let hook = around(&hooks, || (), || ());
        assert_ne!(hooks.current(), held);
        most = most.max(hooks.current());
        remove(&hooks, &hook);
    }
    assert!(most <= 3, "{most}");
    end(&hooks, held);
    assert_eq!(hooks.len(), 0);
}

#[test]
fn a_hook_that_panics_is_contained_and_the_others_run() {
    let (hooks, notes) = (Hooks::new(), Arc::default());
    noting(&hooks, &notes, 1);
    around(&hooks, || panic!("before"), || std::panic::panic_any(7_u8));
    noting(&hooks, &notes, 2);
    end(&hooks, begin(&hooks));
    assert_eq!(*notes.lock().unwrap(), ["before 1", "before 2", "after 2", "after 1"]);
}

#[test]
fn panics_of_one_hook_are_reported_ten_times_at_once() {
    struct Counts(Arc<AtomicUsize>);

    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counts {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    use tracing_subscriber::layer::SubscriberExt;

    let hooks = Hooks::new();
    let reports = Arc::new(AtomicUsize::new(0));
    let subscriber = tracing_subscriber::registry().with(Counts(Arc::clone(&reports)));
    around(&hooks, || std::panic::resume_unwind(Box::new("one")), || ());
    around(&hooks, || std::panic::resume_unwind(Box::new("another")), || ());
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..50 {
            end(&hooks, begin(&hooks));
        }
    });
    // 10 of each, and the few that a slow machine admits later.
    let reports = reports.load(Ordering::SeqCst);
    assert!((20..=30).contains(&reports), "{reports}");
}

#[test]
fn a_hook_may_add_and_remove_hooks() {
    let hooks: &'static Hooks = Box::leak(Box::new(Hooks::new()));
    let notes = Arc::default();
    let other = noting(hooks, &notes, 1);
    let own: Arc<Mutex<Option<Weak<Hook>>>> = Arc::default();
    let itself = Arc::clone(&own);
    let inner = Arc::clone(&notes);
    let hook = around(
        hooks,
        move || {
            assert!(remove(hooks, &other));
            noting(hooks, &inner, 2);
            let own = itself.lock().unwrap().take().unwrap();
            assert!(remove(hooks, &own));
        },
        || (),
    );
    *own.lock().unwrap() = Some(hook.clone());
    end(hooks, begin(hooks));
    assert!(hook.upgrade().is_none());
    end(hooks, begin(hooks));
    assert_eq!(*notes.lock().unwrap(), ["before 1", "after 1", "before 2", "after 2"]);
    assert_eq!(hooks.len(), 1);
}

#[test]
fn a_hook_is_dropped_without_the_lock_and_its_panic_goes_no_further() {
    struct Adds(&'static Hooks, Arc<AtomicUsize>);

    impl Drop for Adds {
        fn drop(&mut self) {
            self.1.fetch_add(1, Ordering::SeqCst);
            around(self.0, || (), || ());
            panic!("in the drop of a hook");
        }
    }

    let hooks: &'static Hooks = Box::leak(Box::new(Hooks::new()));
    let dropped = Arc::new(AtomicUsize::new(0));
    let (before, after) = (Adds(hooks, Arc::clone(&dropped)), Adds(hooks, Arc::clone(&dropped)));
    let hook = around(hooks, move || _ = &before, move || _ = &after);
    let set = begin(hooks);
    assert!(remove(hooks, &hook));
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    end(hooks, set);
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    assert_eq!(hooks.len(), 1);
}

#[test]
fn a_hook_that_panics_while_its_thread_panics_does_not_end_the_process() {
    struct Ends(Arc<Hooks>, u32);

    impl Drop for Ends {
        fn drop(&mut self) {
            end(&self.0, self.1);
        }
    }

    let hooks = Arc::new(Hooks::new());
    around(&hooks, || (), || panic!("after"));
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ends = Ends(Arc::clone(&hooks), begin(&hooks));
        panic!("body");
    }));
    assert!(unwound.is_err());
}

#[test]
fn hooks_that_come_and_go_under_load_balance_and_leave_nothing() {
    let hooks = Arc::new(Hooks::new());
    let forever = around(&hooks, || (), || ());
    let over = Arc::new(AtomicBool::new(false));
    let changing: Vec<_> = (0..2)
        .map(|_| {
            let hooks = Arc::clone(&hooks);
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let mut balances = Vec::new();
                let mut present = Vec::new();
                while !over.load(Ordering::Relaxed) && balances.len() < 20_000 {
                    let balance = Arc::new(AtomicI64::new(0));
                    let (up, down) = (Arc::clone(&balance), Arc::clone(&balance));
                    balances.push(balance);
                    present.push(around(
                        &hooks,
                        move || _ = up.fetch_add(1, Ordering::SeqCst),
                        move || assert!(down.fetch_sub(1, Ordering::SeqCst) > 0),
                    ));
                    if present.len() > 5 {
                        let oldest = present.remove(balances.len() % 5);
                        assert!(remove(&hooks, &oldest));
                    }
                }
                assert!(present.iter().all(|hook| remove(&hooks, hook)));
                balances
            })
        })
        .collect();
    let running: Vec<_> = (0..2)
        .map(|_| {
            let hooks = Arc::clone(&hooks);
            std::thread::spawn(move || {
                let mut live = Vec::new();
                for round in 0..20_000 {
                    live.push(begin(&hooks));
                    if live.len() > 100 {
                        end(&hooks, live.swap_remove(round % 100));
                    }
                }
                for set in live {
                    end(&hooks, set);
                }
            })
        })
        .collect();
    for thread in running {
        thread.join().unwrap();
    }
    over.store(true, Ordering::Relaxed);
    // All of them first: a thread that changes sets holds the hooks of the others for a moment.
    let balances: Vec<_> = changing.into_iter().map(|thread| thread.join().unwrap()).collect();
    for balance in balances.into_iter().flatten() {
        assert_eq!(Arc::strong_count(&balance), 1, "a hook was not dropped");
        assert_eq!(balance.load(Ordering::SeqCst), 0);
    }
    assert_eq!(hooks.len(), 1);
    assert!(remove(&hooks, &forever));
    assert_eq!(hooks.len(), 0);
}

#[derive(Clone, Debug)]
enum Step {
    Add,
    Remove(prop::sample::Index),
    Begin,
    End(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Add),
        any::<prop::sample::Index>().prop_map(Step::Remove),
        Just(Step::Begin),
        any::<prop::sample::Index>().prop_map(Step::End),
    ]
}

proptest! {
    #[test]
    fn every_routine_runs_the_hooks_that_were_there_when_it_began(steps in prop::collection::vec(step(), 0..80)) {
        let (hooks, notes) = (Hooks::new(), Arc::default());
        let mut present: Vec<(usize, Weak<Hook>)> = Vec::new();
        let mut running: Vec<(u32, Vec<usize>)> = Vec::new();
        let mut added = 0;
        for step in steps {
            let mut expected = Vec::new();
            match step {
                Step::Add => {
                    added += 1;
                    present.push((added, noting(&hooks, &notes, added)));
                }
                Step::Remove(at) if !present.is_empty() => {
                    let (_, hook) = present.remove(at.index(present.len()));
                    prop_assert!(remove(&hooks, &hook));
                }
                Step::Begin => {
                    let names: Vec<usize> = present.iter().map(|(name, _)| *name).collect();
                    expected.extend(names.iter().map(|name| format!("before {name}")));
                    running.push((begin(&hooks), names));
                }
                Step::End(at) if !running.is_empty() => {
                    let (set, names) = running.remove(at.index(running.len()));
                    expected.extend(names.iter().rev().map(|name| format!("after {name}")));
                    end(&hooks, set);
                }
                Step::Remove(_) | Step::End(_) => {}
            }
            prop_assert_eq!(notes.lock().unwrap().drain(..).collect::<Vec<String>>(), expected);
            let mut sets: Vec<u32> = running.iter().map(|(set, _)| *set).chain([hooks.current()]).filter(|set| *set != 0).collect();
            sets.sort_unstable();
            sets.dedup();
            prop_assert_eq!(hooks.len(), sets.len());
        }
    }
}
