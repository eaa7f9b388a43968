//! The places of a pool, beside a list of who has what.

use std::sync::atomic::AtomicUsize;
use std::task::Wake;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Take,
    Give,
    Seek,
    /// The one that has waited for so many others leaves.
    Leave(usize),
    Grow(usize),
    Shrink(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Take),
        4 => Just(Step::Give),
        2 => Just(Step::Seek),
        1 => (0..4_usize).prop_map(Step::Leave),
        1 => (0..4_usize).prop_map(Step::Grow),
        1 => (0..4_usize).prop_map(Step::Shrink),
    ]
}

/// Counts how often it was woken.
#[derive(Default)]
struct Told(AtomicUsize);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

proptest! {
    #[test]
    fn places_are_neither_lost_nor_made(places in 0..4_usize, steps in prop::collection::vec(step(), 0..64)) {
        let hint = Arc::new(AtomicBool::new(false));
        let mut room = Room::new(places, Arc::clone(&hint));
        let (mut size, mut held) = (places, 0);
        let mut seekers: VecDeque<(u64, Arc<Told>)> = VecDeque::new();
        for step in steps {
            let told: Vec<Waker> = match step {
                Step::Take => {
                    let taken = room.take();
                    prop_assert_eq!(taken, held < size && seekers.is_empty());
                    held += usize::from(taken);
                    Vec::new()
                }
                Step::Give if held > 0 => {
                    held -= 1;
                    room.give().into_iter().collect()
                }
                // Whoever seeks has found no place.
                Step::Seek if held >= size => {
                    let seeker = Arc::new(Told::default());
                    seekers.push_back((room.seek(Waker::from(Arc::clone(&seeker))), seeker));
                    Vec::new()
                }
                Step::Leave(nth) if nth < seekers.len() => {
                    let (ticket, _) = seekers.remove(nth).unwrap();
                    prop_assert!(room.leave(ticket).is_some());
                    prop_assert!(room.leave(ticket).is_none());
                    Vec::new()
                }
                Step::Grow(more) => {
                    size += more;
                    room.grow(more)
                }
                Step::Shrink(less) if less <= size => {
                    size -= less;
                    room.shrink(less);
                    Vec::new()
                }
                Step::Give | Step::Seek | Step::Leave(_) | Step::Shrink(_) => Vec::new(),
            };
            let given = told.len();
            told.into_iter().for_each(Waker::wake);
            for (ticket, seeker) in seekers.drain(..given) {
                prop_assert_eq!(seeker.0.load(Ordering::Relaxed), 1, "they are told in their order");
                prop_assert!(!room.still_seeks(ticket, Waker::noop().clone()).0);
            }
            held += given;
            prop_assert!(seekers.is_empty() || held >= size, "nobody waits while there is a place");
            prop_assert_eq!(hint.load(Ordering::Relaxed), held < size);
        }
        room.close();
        prop_assert!(!hint.load(Ordering::Relaxed));
        for _ in 0..held {
            prop_assert!(room.give().is_none());
        }
        prop_assert!(!hint.load(Ordering::Relaxed), "a closed room has none for anybody");
    }
}
