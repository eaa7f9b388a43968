use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

use super::arena::Arena;
use super::{Birth, Flags, Kind, Meta, Slot, State, slots};
use crate::alone::alone;
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
fn a_cancel_reaches_only_the_routine_that_it_was_meant_for() {
    let slot = Arena::new().take_one();
    slot.fill(&birth(1));
    slot.cancel(1);
    assert!(slot.is_cancelled());
    slot.clear();
    slot.fill(&birth(2));
    assert!(!slot.is_cancelled());
    slot.cancel(1);
    assert!(!slot.is_cancelled());
}

#[test]
fn a_slot_takes_104_bytes() {
    assert_eq!(size_of::<Slot>(), 104);
}

/// A thread that takes and gives slots on request.
struct Worker {
    jobs: mpsc::Sender<Box<dyn FnOnce() + Send>>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn new() -> Self {
        let (jobs, todo) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
        let thread = std::thread::spawn(move || todo.iter().for_each(|job| job()));
        Self { jobs, thread }
    }

    fn run<R: Send + 'static>(&self, job: impl FnOnce() -> R + Send + 'static) -> R {
        let (done, is_done) = mpsc::sync_channel(1);
        self.jobs.send(Box::new(move || done.send(job()).unwrap())).unwrap();
        is_done.recv().unwrap()
    }

    fn take(&self, many: usize) -> Vec<&'static Slot> {
        self.run(move || (0..many).map(|_| take()).collect())
    }

    fn give(&self, slots: Vec<&'static Slot>) {
        self.run(|| slots.into_iter().for_each(give));
    }

    fn end(self) {
        drop(self.jobs);
        self.thread.join().unwrap();
    }
}

fn places(slots: &[&'static Slot]) -> HashSet<usize> {
    slots.iter().map(|slot| std::ptr::from_ref::<Slot>(slot).addr()).collect()
}

fn used() -> usize {
    slots().iter().map(|chunk| chunk.len()).sum()
}

/// Around a batch, which threads exchange, and around what a thread keeps at most.
const MANY: [usize; 7] = [1, 63, 64, 65, 128, 129, 200];

#[test]
fn no_slot_is_lost_or_handed_out_twice_whoever_takes_gives_and_ends() {
    alone("registry::tests::no_slot_is_lost_or_handed_out_twice_whoever_takes_gives_and_ends", || {
        let sizes = || MANY.into_iter().flat_map(|first| MANY.map(|second| (first, second)));
        for (first, second) in sizes() {
            for (given, taker_ends_first) in MANY.into_iter().flat_map(|given| [(given, false), (given, true)]) {
                hand_about(first, second, given.min(first), taker_ends_first);
            }
        }
    });
}

/// One thread takes `first` slots, which another gives back, `given` of them before it takes `second` itself.
fn hand_about(first: usize, second: usize, given: usize, taker_ends_first: bool) {
    let case = (first, second, given, taker_ends_first);
    let (one, other) = (Worker::new(), Worker::new());
    let mut held = one.take(first);
    let mut one = Some(one);
    let mut end_one = || one.take().map_or((), Worker::end);
    if taker_ends_first {
        end_one();
    }
    other.give(held.split_off(first - given));
    held.extend(other.take(second));
    assert_eq!(places(&held).len(), first - given + second, "{case:?}: a slot has two owners");
    other.give(held);
    other.end();
    end_one();
    assert_all_free(&format!("{case:?}"));
}

/// Nobody owns a slot, and no thread keeps one.
fn assert_all_free(case: &str) {
    let (fresh, before) = (Worker::new(), used());
    let all = fresh.take(before);
    assert_eq!(places(&all).len(), before, "{case}: a slot has two owners");
    assert_eq!(used(), before, "{case}: a slot is lost");
    fresh.give(all);
    fresh.end();
}

/// Uses slots in a destructor of its thread.
struct Late;

impl Drop for Late {
    fn drop(&mut self) {
        let taken: Vec<_> = (0..70).map(|_| take()).collect();
        assert_eq!(places(&taken).len(), taken.len());
        taken.into_iter().for_each(give);
    }
}

thread_local! {
    static LATE: Late = const { Late };
}

#[test]
fn a_thread_that_is_ending_loses_no_slot() {
    alone("registry::tests::a_thread_that_is_ending_loses_no_slot", || {
        // Destructors run in an order of the system's choice: before and after the one that hands slots back.
        for first_late in [true, false] {
            let worker = Worker::new();
            let late = || worker.run(|| LATE.with(|_| ()));
            let slots = || worker.give(worker.take(3));
            if first_late {
                late();
                slots();
            } else {
                slots();
                late();
            }
            worker.end();
            assert_all_free(&format!("{first_late}"));
        }
    });
}
