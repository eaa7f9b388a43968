//! Models that loom runs through every order of: `RUSTFLAGS="--cfg routine_loom" cargo test -p routine --release --lib models -- --test-threads 1`.

use loom::thread;
use tokio_util::sync::CancellationToken;

use super::{Birth, Flags, Kind, Meta, Slot, State};
use crate::policy::Policy;

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

/// Runs a model through every order with at most three preemptions, which finds what two threads can do to each other.
fn bounded(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// A slot that lives as long as the model's threads.
fn slot() -> loom::sync::Arc<Slot> {
    loom::sync::Arc::new(Slot::new())
}

#[test]
fn a_reader_sees_one_owner_or_none() {
    bounded(|| {
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
    bounded(|| {
        let slot = slot();
        let generation = slot.fill(&birth(1));
        let asks = thread::spawn({
            let slot = slot.clone();
            move || {
                if let Some(token) = slot.cancel(generation) {
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
