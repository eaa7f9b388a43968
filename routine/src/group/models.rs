//! Models that loom runs through every order of, with members and whoever ends the group on threads of their own; the command is
//! in `registry/models.rs`.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use loom::future::block_on;
use loom::thread;

use super::shared::{Gate, Shared, Waits};
use crate::cancel::CancelReason;
use crate::policy::Policy;
use crate::registry::{Flags, Kind, Meta};

fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

fn group(limit: usize) -> Arc<Shared> {
    Arc::new(Shared::new(limit, None, Waits::All))
}

/// The life of a member, as a routine leads it: whether it ran.
fn live(group: &Shared, id: u64, work: impl FnOnce()) -> bool {
    let admitted = group.enter(id);
    let runs = admitted && !group.is_killed()
        || block_on(poll_fn(|cx| match group.gate(id, cx) {
            Gate::Open => Poll::Ready(!admitted),
            Gate::Wait => Poll::Pending,
            Gate::Killed | Gate::Refused => Poll::Ready(false),
        }));
    if runs {
        work();
    }
    let never_ran = if admitted || runs { Flags::NONE } else { Flags::QUEUED };
    group.ended(id, meta(never_ran));
    runs
}

/// As [`live`], for one that was admitted and then waits for something that never comes: it ends with its group.
fn wait(group: &Shared, id: u64) {
    assert!(group.enter(id));
    let mut parked = false;
    block_on(poll_fn(|cx| {
        if parked && group.is_killed() {
            return Poll::Ready(());
        }
        parked = group.park(id, cx.waker());
        if parked { Poll::Pending } else { Poll::Ready(()) }
    }));
    group.ended(id, meta(if parked { Flags::PARKED } else { Flags::NONE }));
}

fn meta(flags: Flags) -> Meta {
    Meta::new(Kind::Routine, Policy::Log, 1, flags)
}

fn idle(group: &Shared) {
    block_on(poll_fn(|cx| group.poll_idle(cx)));
    assert_eq!(group.live(), 0);
}

#[test]
fn a_place_goes_from_member_to_member_and_is_never_held_by_two() {
    bounded(2, || {
        let group = group(1);
        let running = Arc::new(AtomicU32::new(0));
        let member = |id| {
            let (group, running) = (Arc::clone(&group), Arc::clone(&running));
            move || {
                live(&group, id, || {
                    assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0, "two hold the place");
                    thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            }
        };
        let others = [thread::spawn(member(1)), thread::spawn(member(2))];
        assert!(member(3)());
        for other in others {
            assert!(other.join().unwrap());
        }
        idle(&group);
    });
}

#[test]
fn a_group_that_ends_lets_go_of_those_that_wait_for_room() {
    bounded(3, || {
        let group = group(1);
        let other = thread::spawn({
            let group = Arc::clone(&group);
            move || live(&group, 1, || ())
        });
        let ends = thread::spawn({
            let group = Arc::clone(&group);
            move || group.kill(CancelReason::Dropped)
        });
        live(&group, 2, || ());
        other.join().unwrap();
        ends.join().unwrap();
        idle(&group);
    });
}

#[test]
fn whoever_parks_while_its_group_ends_is_woken() {
    bounded(3, || {
        let group = group(2);
        let other = thread::spawn({
            let group = Arc::clone(&group);
            move || wait(&group, 1)
        });
        group.kill(CancelReason::SiblingFailed);
        other.join().unwrap();
        idle(&group);
    });
}

#[test]
fn whoever_waits_for_a_group_is_woken_by_its_last_member() {
    bounded(3, || {
        let group = group(2);
        assert!(group.enter(1));
        let other = thread::spawn({
            let group = Arc::clone(&group);
            move || group.ended(1, meta(Flags::NONE))
        });
        idle(&group);
        other.join().unwrap();
    });
}
