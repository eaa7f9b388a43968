//! Models that loom runs through every order of, in a few seconds:
//!
//! ```sh
//! RUSTFLAGS="--cfg routine_loom" cargo test -p routine --release --lib --target-dir target/loom models -- --test-threads 1
//! ```
//!
//! loom sees the atomics and locks of `crate::sync`. Not those of a cancellation token, whose own lock makes it one step
//! here, and no thread locals: what a thread keeps of the arena is tried out by a test with real threads.

use loom::thread;
use tokio_util::sync::CancellationToken;

use super::arena::Arena;
use super::{Birth, Flags, Kind, Meta, Slot, State};
use crate::policy::Policy;
use crate::sync::{Mutex, lock};

fn birth(number: u64) -> Birth {
    Birth {
        meta: Meta::new(Kind::Scope, Policy::Log, 1, Flags::NONE),
        origin: 1,
        root: 1,
        lineage: [number, 1, 1],
        start: number,
        state: State::Running,
    }
}

/// Runs a model through every order with at most so many preemptions. Two of them find what two threads can do to each
/// other in most models, and three in all.
fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// A slot that lives as long as the model's threads.
fn slot() -> loom::sync::Arc<Slot> {
    loom::sync::Arc::new(Slot::new())
}

#[test]
fn a_reader_sees_one_owner_or_none() {
    bounded(3, || {
        let slot = slot();
        slot.fill(&birth(1));
        let owner = thread::spawn({
            let slot = slot.clone();
            move || {
                slot.clear();
                slot.fill(&birth(2));
            }
        });
        if let Some(record) = slot.read() {
            assert_eq!(record.lineage[0], record.start, "a mixture of two owners");
        }
        owner.join().unwrap();
    });
}

#[test]
fn whoever_waits_to_be_cancelled_hears_of_it() {
    bounded(3, || {
        let slot = slot();
        slot.fill(&birth(1));
        let asks = thread::spawn({
            let slot = slot.clone();
            move || {
                if let Some(token) = slot.cancel(1) {
                    token.cancel();
                }
            }
        });
        // As `cancel::token` does it.
        let token: CancellationToken = slot.with_extra(|extra| extra.cancellation.get_or_insert_default().clone());
        if slot.is_cancelled() {
            token.cancel();
        }
        asks.join().unwrap();
        assert!(token.is_cancelled());
    });
}

#[test]
fn a_late_cancel_never_reaches_the_next_owner() {
    bounded(3, || {
        let slot = slot();
        slot.fill(&birth(1));
        let asks = thread::spawn({
            let slot = slot.clone();
            move || {
                if let Some(token) = slot.cancel(1) {
                    token.cancel();
                }
            }
        });
        slot.clear();
        slot.fill(&birth(2));
        let token: CancellationToken = slot.with_extra(|extra| extra.cancellation.get_or_insert_default().clone());
        assert!(!slot.is_cancelled(), "the bit of another");
        asks.join().unwrap();
        assert!(!slot.is_cancelled(), "the bit of another, late");
        assert!(!token.is_cancelled(), "the token of another");
    });
}

#[test]
fn what_a_reader_sees_behind_the_lock_is_of_the_owner_that_it_read() {
    bounded(2, || {
        let slot = slot();
        let own = |slot: &Slot, number| {
            slot.fill(&birth(number));
            slot.with_extra(|extra| extra.parent = number);
        };
        own(&slot, 1);
        let owner = thread::spawn({
            let slot = slot.clone();
            move || {
                drop(slot.take_cold());
                slot.clear();
                own(&slot, 2);
            }
        });
        if let Some(record) = slot.read() {
            let parent = slot.peek(&record, |cold| cold.extra().map(|extra| extra.parent)).flatten();
            assert!(parent.is_none_or(|parent| parent == record.start), "the extra of another");
        }
        owner.join().unwrap();
    });
}

#[test]
fn a_slot_goes_from_thread_to_thread_with_its_generation() {
    bounded(3, || {
        let arena = loom::sync::Arc::new(Mutex::new(Arena::new()));
        let routine = |arena: &Mutex<Arena>, number| {
            let slot = take(arena);
            assert_eq!(slot.state(), State::Free, "somebody else owns it");
            slot.fill(&birth(number));
            let generation = slot.generation();
            assert_eq!(slot.segment(), number, "somebody else fills it");
            slot.clear();
            lock(arena).give_back(std::iter::once(slot));
            (std::ptr::from_ref(slot).addr(), generation)
        };
        let other = thread::spawn({
            let arena = arena.clone();
            move || routine(&arena, 1)
        });
        let here = routine(&arena, 2);
        let there = other.join().unwrap();
        assert_ne!(here, there, "two owners cannot be told apart");
        let slots = [take(&arena), take(&arena), take(&arena)].map(|slot| std::ptr::from_ref(slot).addr());
        assert!(slots[0] != slots[1] && slots[1] != slots[2] && slots[2] != slots[0], "a slot is handed out twice");
        let used: usize = lock(&arena).used().iter().map(|chunk| chunk.len()).sum();
        assert_eq!(used, 3, "a slot is lost");
    });
}

fn take(arena: &Mutex<Arena>) -> &'static Slot {
    lock(arena).take_one()
}
