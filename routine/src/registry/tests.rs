use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::arena::Arena;
use super::{Birth, Flags, Kind, Meta, Slot, State, slots};
use crate::policy::Policy;
use crate::thread::{give, take};

/// A birth whose parts all tell the same number, so that a mixture shows.
fn birth(number: u64) -> Birth {
    Birth {
        meta: Meta::new(Kind::Scope, Policy::Log, 1, Flags::NONE),
        origin: u32::try_from(number).unwrap(),
        root: u128::from(number) << 64 | u128::from(number),
        lineage: [number; 3],
        start: number,
        state: State::Running,
    }
}

#[test]
fn a_slot_is_handed_to_one_owner_at_a_time() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                for round in 0..200 {
                    let taken: Vec<_> = (0..round).map(|_| take()).collect();
                    let places: HashSet<_> = taken.iter().map(|slot| std::ptr::from_ref::<Slot>(slot).addr()).collect();
                    assert_eq!(places.len(), taken.len());
                    for slot in &taken {
                        assert_eq!(slot.state(), State::Free, "somebody else owns it");
                        slot.fill(&birth(7));
                    }
                    for slot in taken {
                        slot.clear();
                        give(slot);
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // What the threads cached went back when they ended: a new one needs no new chunk.
    let before: usize = slots().iter().map(|chunk| chunk.len()).sum();
    std::thread::spawn(|| (0..100).map(|_| take()).for_each(give)).join().unwrap();
    let after: usize = slots().iter().map(|chunk| chunk.len()).sum();
    assert!(after <= before + 64, "{before} to {after}");
}

#[test]
fn a_reader_never_sees_a_mixture_of_two_owners() {
    let slot = Arena::new().take_one();
    let over = Arc::new(AtomicBool::new(false));
    let reader = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let mut seen = 0_u64;
            while !over.load(Ordering::Relaxed) {
                if let Some(record) = slot.read() {
                    let number = record.start;
                    assert_eq!(record.lineage, [number; 3]);
                    assert_eq!(record.root, u128::from(number) << 64 | u128::from(number));
                    assert_eq!(u64::from(record.origin), number);
                    seen += 1;
                }
            }
            seen
        }
    });
    for number in 1..300_000 {
        slot.fill(&birth(number));
        slot.clear();
    }
    slot.fill(&birth(9));
    while slot.read().is_none() {}
    over.store(true, Ordering::Relaxed);
    reader.join().unwrap();
}

#[test]
fn a_cancel_reaches_only_the_generation_that_it_was_meant_for() {
    let slot = Arena::new().take_one();
    let first = slot.fill(&birth(1));
    slot.cancel(first);
    assert!(slot.is_cancelled());
    slot.clear();
    let second = slot.fill(&birth(2));
    assert!(!slot.is_cancelled());
    slot.cancel(first);
    assert!(!slot.is_cancelled());
    assert_ne!(first, second);
}

#[test]
fn a_slot_takes_88_bytes() {
    assert_eq!(size_of::<Slot>(), 88);
}
