//! Which children a supervisor restarts when one has ended, and when it gives up.

use std::error::Error as _;
use std::time::Duration;

use routine::supervise::{
    Child, ChildNotStarted, ChildState, Strategy, Supervisor, SupervisorBuilder, SupervisorHandle,
};
use routine::{Backoff, Error, RestartKind, RestartsExhausted};
use routine_tests::crew::{Crew, Order, child, pass, settle, states};
use routine_tests::{capture, records};

const HOUR: Duration = Duration::from_hours(1);

/// A supervisor that restarts at once, as Erlang/OTP's does.
fn at_once(name: &'static str, strategy: Strategy, budget: u32) -> SupervisorBuilder {
    Supervisor::builder(name).strategy(strategy).budget(budget, HOUR).backoff(Backoff::constant(Duration::ZERO))
}

async fn started(supervisor: SupervisorBuilder) -> SupervisorHandle {
    supervisor.build().unwrap().start().await.unwrap()
}

/// The error of a supervisor that used up its restarts, after all of its children have ended.
async fn exhausted(supervisor: &SupervisorHandle) -> Error {
    let error = supervisor.ended().await.unwrap_err();
    assert!(error.downcast_ref::<RestartsExhausted>().is_some(), "{error}");
    assert!(supervisor.children().is_empty());
    error
}

#[tokio::test(start_paused = true)]
async fn each_kind_is_restarted_after_the_endings_that_are_its_own() {
    use RestartKind::{Permanent, Temporary, Transient};
    // The fourth ending: the restart itself does not start, the first time.
    for (kind, order, refuses, after) in [
        (Permanent, Order::Return, false, "worker:running"),
        (Permanent, Order::Fail, false, "worker:running"),
        (Permanent, Order::Panic, false, "worker:running"),
        (Permanent, Order::Fail, true, "worker:running"),
        (Transient, Order::Return, false, "worker:completed"),
        (Transient, Order::Fail, false, "worker:running"),
        (Transient, Order::Panic, false, "worker:running"),
        (Transient, Order::Fail, true, "worker:running"),
        (Temporary, Order::Return, false, ""),
        (Temporary, Order::Fail, false, ""),
        (Temporary, Order::Panic, false, ""),
        (Temporary, Order::Fail, true, ""),
    ] {
        let crew = Crew::default();
        let supervisor = started(at_once("kinds", Strategy::OneForOne, 2)).await;
        let id = supervisor.add_child(crew.child("worker").restart(kind)).await.unwrap();
        settle(&supervisor).await;
        assert_eq!(child(&supervisor, "worker").id(), Some(id));
        crew.refuse_next("worker", usize::from(refuses));
        crew.tell("worker", order);
        settle(&supervisor).await;
        assert_eq!(states(&supervisor), after, "{kind} {order:?} {refuses}");
        if after == "worker:running" {
            let child = child(&supervisor, "worker");
            assert_ne!(child.id(), Some(id), "it is a new routine");
            assert_eq!(child.restarts(), 1 + u64::from(refuses));
        }
        assert!(supervisor.stop().await.overdue().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn one_for_one_restarts_that_child_alone_until_the_budget_is_used_up() {
    let crew = Crew::default();
    let builder = at_once("one", Strategy::OneForOne, 2).child(crew.child("a")).child(crew.child("b"));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    let other = child(&supervisor, "b").id();
    crew.tell("a", Order::Fail);
    settle(&supervisor).await;
    assert_eq!((states(&supervisor).as_str(), child(&supervisor, "b").id()), ("a:running b:running", other));
    crew.tell("b", Order::Panic);
    settle(&supervisor).await;
    assert_eq!(crew.log(), "+a +b !a +a !b +b");
    crew.tell("a", Order::Fail);
    let error = exhausted(&supervisor).await;
    assert_eq!(crew.log(), "!a -b");
    let exhausted = error.downcast_ref::<RestartsExhausted>().unwrap();
    assert_eq!((exhausted.child(), exhausted.restarts(), exhausted.within()), (Some("a"), 2, HOUR));
    let last = exhausted.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(last.to_string(), "routine `a` failed: `a` failed");
}

#[tokio::test(start_paused = true)]
async fn one_for_all_stops_the_others_in_reverse_and_starts_all_in_order() {
    let crew = Crew::default();
    let builder = ["a", "b", "c", "d"]
        .into_iter()
        .fold(at_once("all", Strategy::OneForAll, 2), |builder, name| builder.child(crew.child(name)));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    assert_eq!(crew.log(), "+a +b +c +d");
    let before: Vec<_> = supervisor.children().iter().map(Child::id).collect();
    for _ in 0..2 {
        crew.tell("b", Order::Fail);
        settle(&supervisor).await;
        assert_eq!(crew.log(), "!b -d -c -a +a +b +c +d");
    }
    let after: Vec<_> = supervisor.children().iter().map(Child::id).collect();
    assert!(before.iter().all(|id| !after.contains(id)), "no old one is left");
    let restarts: Vec<_> = supervisor.children().iter().map(Child::restarts).collect();
    assert_eq!(restarts, [0, 2, 0, 0], "counted for the one that failed");
    crew.tell("d", Order::Return);
    exhausted(&supervisor).await;
    assert_eq!(crew.log(), "!d -c -b -a");
}

#[tokio::test(start_paused = true)]
async fn rest_for_one_takes_along_those_after_it() {
    let crew = Crew::default();
    let builder = ["a", "b", "c"]
        .into_iter()
        .fold(at_once("rest", Strategy::RestForOne, 2), |builder, name| builder.child(crew.child(name)));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    let first = child(&supervisor, "a").id();
    let _ = crew.log();
    crew.tell("b", Order::Fail);
    settle(&supervisor).await;
    assert_eq!(crew.log(), "!b -c +b +c");
    assert_eq!(child(&supervisor, "a").id(), first);
    crew.tell("c", Order::Fail);
    settle(&supervisor).await;
    assert_eq!(crew.log(), "!c +c");
    crew.tell("b", Order::Fail);
    exhausted(&supervisor).await;
    assert_eq!(crew.log(), "!b -c -a");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_again_and_again_uses_up_the_budget_under_every_strategy() {
    for (strategy, log) in [
        (Strategy::OneForOne, "+a +b !a -b"),
        (Strategy::OneForAll, "+a +b !a -b"),
        (Strategy::RestForOne, "+a +b !a -b"),
    ] {
        let crew = Crew::default();
        let supervisor = started(at_once("escalates", strategy, 4).child(crew.child("a")).child(crew.child("b"))).await;
        settle(&supervisor).await;
        crew.refuse_next("a", usize::MAX);
        crew.tell("a", Order::Fail);
        exhausted(&supervisor).await;
        assert_eq!((crew.log().as_str(), crew.runs("a")), (log, 1), "{strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn siblings_that_were_restarted_are_stopped_again_where_one_after_them_does_not_start() {
    for (strategy, second) in [(Strategy::OneForAll, "!b -a +a +b"), (Strategy::RestForOne, "!b +b")] {
        let crew = Crew::default();
        let builder = at_once("siblings", strategy, 3).child(crew.slow_starter("a")).child(crew.slow_starter("b"));
        let supervisor = builder.build().unwrap();
        let handle = supervisor.handle();
        let start = tokio::spawn(supervisor.start());
        settle(&handle).await;
        assert_eq!((states(&handle).as_str(), start.is_finished()), ("a:starting b:pending", false));
        crew.tell("a", Order::Start);
        settle(&handle).await;
        assert_eq!((states(&handle).as_str(), start.is_finished()), ("a:running b:starting", false));
        crew.tell("b", Order::Start);
        start.await.unwrap().unwrap();
        assert_eq!(crew.log(), "+a +b");
        crew.tell("a", Order::Fail);
        settle(&handle).await;
        crew.tell("a", Order::Start);
        settle(&handle).await;
        assert_eq!(crew.log(), "!a -b +a +b");
        // It ends before it has started.
        crew.tell("b", Order::Return);
        settle(&handle).await;
        if strategy == Strategy::OneForAll {
            crew.tell("a", Order::Start);
            settle(&handle).await;
        }
        assert_eq!(crew.log(), second, "{strategy:?}");
        crew.tell("b", Order::Start);
        settle(&handle).await;
        assert_eq!(states(&handle), "a:running b:running");
        assert!(handle.stop().await.overdue().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_temporary_bystander_is_stopped_and_forgotten() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let crew = Crew::default();
        let bystander = crew.child("bystander").restart(RestartKind::Temporary);
        let supervisor = started(at_once("house", strategy, 2).child(crew.child("host")).child(bystander)).await;
        settle(&supervisor).await;
        crew.tell("host", Order::Return);
        settle(&supervisor).await;
        assert_eq!(crew.log(), "+host +bystander !host -bystander +host");
        assert_eq!(states(&supervisor), "host:running");
        assert!(supervisor.stop().await.overdue().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_had_completed_or_was_terminated_comes_back_with_its_siblings() {
    let crew = Crew::default();
    let builder = at_once("all", Strategy::OneForAll, 9)
        .child(crew.child("done").restart(RestartKind::Transient))
        .child(crew.child("stopped"))
        .child(crew.child("fails"));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    crew.tell("done", Order::Return);
    supervisor.terminate("stopped").await.unwrap();
    settle(&supervisor).await;
    assert_eq!(states(&supervisor), "done:completed stopped:terminated fails:running");
    crew.tell("fails", Order::Fail);
    settle(&supervisor).await;
    assert_eq!(states(&supervisor), "done:running stopped:running fails:running");
    assert!(supervisor.stop().await.overdue().is_empty());
}

#[tokio::test(start_paused = true)]
async fn restarts_far_enough_apart_never_use_up_the_budget() {
    let crew = Crew::default();
    let builder = Supervisor::builder("patient")
        .budget(1, Duration::from_secs(1))
        .backoff(Backoff::constant(Duration::ZERO))
        .child(crew.child("worker"));
    let supervisor = started(builder).await;
    for _ in 0..10 {
        settle(&supervisor).await;
        crew.tell("worker", Order::Fail);
        pass(2).await;
    }
    assert_eq!(child(&supervisor, "worker").restarts(), 10);
    crew.tell("worker", Order::Fail);
    settle(&supervisor).await;
    crew.tell("worker", Order::Fail);
    exhausted(&supervisor).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_waits_for_the_back_off_which_may_be_the_childs_own() {
    let crew = Crew::default();
    let slow = Backoff::custom(|attempt| Duration::from_secs(u64::from(attempt) * 10));
    let builder = Supervisor::builder("waits")
        .budget(9, HOUR)
        .backoff(Backoff::constant(Duration::from_secs(3)))
        .child(crew.child("a"))
        .child(crew.child("b").backoff(slow));
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    crew.tell("a", Order::Fail);
    crew.tell("b", Order::Fail);
    settle(&supervisor).await;
    assert_eq!(states(&supervisor), "a:restarting b:restarting", "each waits by itself");
    pass(4).await;
    assert_eq!(states(&supervisor), "a:running b:restarting");
    pass(7).await;
    assert_eq!(states(&supervisor), "a:running b:running");
    crew.tell("b", Order::Fail);
    pass(19).await;
    assert_eq!(states(&supervisor), "a:running b:restarting", "the second wait is longer");
    pass(2).await;
    assert_eq!(states(&supervisor), "a:running b:running");
    pass(3_600).await;
    crew.tell("b", Order::Fail);
    pass(11).await;
    assert_eq!(states(&supervisor), "a:running b:running", "after a quiet window it begins anew");
    assert!(supervisor.stop().await.overdue().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_earlier_sibling_that_fails_during_the_wait_takes_over_the_restart() {
    let crew = Crew::default();
    let builder = ["a", "b", "c"].into_iter().fold(
        at_once("rest", Strategy::RestForOne, 9).backoff(Backoff::constant(Duration::from_secs(10))),
        |builder, name| builder.child(crew.child(name)),
    );
    let supervisor = started(builder).await;
    settle(&supervisor).await;
    let _ = crew.log();
    crew.tell("c", Order::Fail);
    pass(5).await;
    crew.tell("a", Order::Fail);
    pass(9).await;
    assert_eq!(states(&supervisor), "a:restarting b:restarting c:restarting");
    pass(2).await;
    assert_eq!(crew.log(), "!c !a -b +a +b +c", "each once");
    assert!(supervisor.stop().await.overdue().is_empty());
}

#[tokio::test(start_paused = true)]
async fn siblings_that_end_by_themselves_while_others_stop_are_part_of_the_same_restart() {
    capture();
    let crew = Crew::default();
    let own = crew.clone();
    let around = routine::Builder::new().root().spawn_value(async move {
        let builder = at_once("all", Strategy::OneForAll, 1)
            .child(own.child("a"))
            .child(own.stubborn("b").grace(Duration::from_secs(2)))
            .child(own.child("c"));
        let supervisor = started(builder).await;
        settle(&supervisor).await;
        own.tell("c", Order::Fail);
        pass(1).await;
        own.tell("a", Order::Fail);
        pass(3).await;
        assert_eq!(states(&supervisor), "a:running b:running c:running");
        assert_eq!(own.log(), "+a +b +c !c !a +a +b +c");
        drop(supervisor.stop().await);
    });
    let root = around.trace().root();
    around.await.unwrap();
    let records = records(root);
    let told: Vec<_> = records.iter().map(|record| record.field("message")).collect();
    assert_eq!(told[1], "routine `a` failed: `a` failed", "and told all the same: {told:#?}");
}

#[tokio::test(start_paused = true)]
async fn used_up_restarts_go_up_the_tree_and_what_was_added_later_is_gone() {
    let (crew, inner) = (Crew::default(), Crew::default());
    let (left, right) = (inner.clone(), inner.clone());
    let handles = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&handles);
    let left = routine::supervise::ChildSpec::supervisor("left", move || {
        at_once("left", Strategy::OneForOne, 1).child(left.child("l1")).child(left.child("l2")).build()
    });
    let right = routine::supervise::ChildSpec::supervisor("right", move || {
        let supervisor = at_once("right", Strategy::OneForOne, 1).child(right.child("r1")).build()?;
        seen.lock().unwrap().push(supervisor.handle());
        Ok(supervisor)
    });
    let top = started(at_once("top", Strategy::OneForAll, 4).child(left).child(right).child(crew.child("leaf"))).await;
    settle(&top).await;
    let nested = handles.lock().unwrap()[0].clone();
    nested.add_child(inner.child("dynamic")).await.unwrap();
    settle(&top).await;
    assert_eq!(states(&nested), "r1:running dynamic:running");
    assert_eq!((inner.log().as_str(), crew.log().as_str()), ("+l1 +l2 +r1 +dynamic", "+leaf"));
    // Within the budget of the nested one: nobody else hears of it.
    inner.tell("dynamic", Order::Fail);
    settle(&top).await;
    assert_eq!((inner.log().as_str(), crew.log().as_str()), ("!dynamic +dynamic", ""));
    inner.tell("dynamic", Order::Fail);
    settle(&top).await;
    assert_eq!(inner.log(), "!dynamic -r1 -l2 -l1 +l1 +l2 +r1");
    assert_eq!(crew.log(), "-leaf +leaf");
    assert_eq!(states(&top), "left:running right:running leaf:running");
    assert_eq!(child(&top, "right").restarts(), 1);
    let anew = handles.lock().unwrap()[1].clone();
    assert_eq!((states(&nested).as_str(), states(&anew).as_str()), ("", "r1:running"));
    nested.ended().await.unwrap();
    assert!(top.stop().await.overdue().is_empty());
    assert_eq!(inner.log(), "-r1 -l2 -l1");
}

#[tokio::test(start_paused = true)]
async fn escalation_ends_at_the_top_whose_error_has_the_whole_chain() {
    let crew = Crew::default();
    let inner = crew.clone();
    let nested = routine::supervise::ChildSpec::supervisor("nested", move || {
        at_once("nested", Strategy::OneForOne, 0).child(inner.child("worker")).build()
    });
    let top = started(at_once("top", Strategy::OneForOne, 1).child(nested)).await;
    for _ in 0..2 {
        settle(&top).await;
        crew.tell("worker", Order::Panic);
    }
    let error = exhausted(&top).await;
    let mut chain = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    assert_eq!(chain[1], "its child `nested` ended after 1 restarts within 3600s, its budget");
    assert_eq!(chain[3], "its child `worker` ended after 0 restarts within 3600s, its budget");
    assert!(chain[4].contains("routine `worker` panicked at"), "{chain:#?}");
    assert_eq!(crew.runs("worker"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_does_not_start_ends_the_start_of_its_supervisor() {
    for order in [Order::Fail, Order::Panic, Order::Return] {
        let crew = Crew::default();
        let builder = at_once("starts", Strategy::OneForOne, 9)
            .child(crew.child("first"))
            .child(crew.slow_starter("second"))
            .child(crew.child("third"));
        let start = tokio::spawn(builder.build().unwrap().start());
        pass(1).await;
        crew.tell("second", order);
        let error = start.await.unwrap().unwrap_err();
        let not_started = error.downcast_ref::<ChildNotStarted>().expect("it is in the chain");
        assert_eq!(not_started.child(), "second");
        assert_eq!(crew.log(), "+first +second !second -first", "{order:?}");
    }
    let crew = Crew::default();
    crew.refuse_next("only", 1);
    let error = at_once("starts", Strategy::OneForOne, 9).child(crew.child("only")).build().unwrap().start().await;
    let error = error.unwrap_err();
    let source = error.downcast_ref::<ChildNotStarted>().unwrap().source().unwrap().to_string();
    assert!(source.starts_with("routine `only` panicked at ") && source.ends_with("`only` does not start"), "{source}");
}

#[tokio::test(start_paused = true)]
async fn it_does_so_also_where_an_earlier_child_was_restarted_meanwhile() {
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        let crew = Crew::default();
        let builder = at_once("starts", strategy, 9)
            .child(crew.slow_starter("first"))
            .child(crew.slow_starter("second").grace(Duration::ZERO));
        let supervisor = builder.build().unwrap();
        let handle = supervisor.handle();
        let start = tokio::spawn(supervisor.start());
        settle(&handle).await;
        crew.tell("first", Order::Start);
        settle(&handle).await;
        crew.tell("first", Order::Fail);
        settle(&handle).await;
        // One that had started before has a budget for its start.
        crew.tell("first", Order::Fail);
        settle(&handle).await;
        crew.tell("first", Order::Start);
        settle(&handle).await;
        assert_eq!(states(&handle), "first:running second:starting", "{strategy:?}");
        crew.tell("second", Order::Fail);
        let error = start.await.unwrap().unwrap_err();
        let not_started = error.downcast_ref::<ChildNotStarted>().expect("it is in the chain");
        assert_eq!((not_started.child(), child_restarts(&error)), ("second", None), "{strategy:?}");
    }
}

fn child_restarts(error: &Error) -> Option<u32> {
    error.downcast_ref::<RestartsExhausted>().map(RestartsExhausted::restarts)
}

#[tokio::test(start_paused = true)]
async fn a_back_off_that_panics_ends_it_in_order_and_the_failure_before_is_told() {
    capture();
    for strategy in [Strategy::OneForOne, Strategy::OneForAll] {
        let crew = Crew::default();
        let own = crew.clone();
        let around = routine::Builder::new().root().spawn_value(async move {
            let builder = at_once("panics", strategy, 9)
                .child(own.child("a"))
                .child(own.child("b").backoff(Backoff::custom(|_| panic!("no idea"))))
                .child(own.child("c"));
            let supervisor = started(builder).await;
            settle(&supervisor).await;
            own.tell("b", Order::Fail);
            supervisor.ended().await.unwrap_err()
        });
        let root = around.trace().root();
        let error = around.await.unwrap();
        assert_eq!(error.panic().map(routine::Panic::message), Some("no idea"), "{error}");
        assert_eq!(crew.log(), "+a +b +c !b -c -a", "{strategy:?}");
        let records = records(root);
        let told: Vec<_> = records.iter().map(|record| record.field("message")).collect();
        assert_eq!(told[0], "routine `b` failed, and is not restarted any more: `b` failed");
        assert!(told[1].starts_with("routine `panics` panicked") && told[1].ends_with("no idea"), "{told:#?}");
        assert_eq!(told.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_childs_fields_are_in_every_record_about_it() {
    static TENANT: routine::Inherited<&str> = routine::Inherited::shown("tenant");
    capture();
    let crew = Crew::default();
    let around = routine::Builder::new().root().spawn_value(TENANT.scope("acme", async move {
        let builder = at_once("fields", Strategy::OneForOne, 9)
            .child(crew.child("returns").field("shard", 7))
            .child(crew.stubborn("hangs").field("shard", 8));
        let supervisor = started(builder).await;
        settle(&supervisor).await;
        crew.tell("returns", Order::Return);
        settle(&supervisor).await;
        crew.tell("returns", Order::Fail);
        settle(&supervisor).await;
        drop(supervisor.stop().await);
        supervisor.id().unwrap().to_string()
    }));
    let root = around.trace().root();
    let id = around.await.unwrap();
    let records = records(root);
    let told: Vec<_> = records
        .iter()
        .map(|record| (record.field("routine.name"), record.field("routine.fields"), record.field("routine.parent_id")))
        .collect();
    let returns = ("returns", "shard=7 tenant=acme", id.as_str());
    assert_eq!(told, [returns, returns, ("hangs", "shard=8 tenant=acme", id.as_str())]);
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_told_once_with_the_number_of_the_restart() {
    capture();
    let crew = Crew::default();
    let around = routine::Builder::new().root().spawn_value(async move {
        let builder = at_once("told", Strategy::OneForOne, 2)
            .child(crew.child("worker").field("shard", 7))
            .child(crew.child("once").restart(RestartKind::Temporary));
        let supervisor = started(builder).await;
        settle(&supervisor).await;
        crew.tell("once", Order::Fail);
        for order in [Order::Fail, Order::Return, Order::Panic] {
            settle(&supervisor).await;
            crew.tell("worker", order);
        }
        exhausted(&supervisor).await;
        supervisor.id().unwrap()
    });
    let root = around.trace().root();
    let id = around.await.unwrap();
    let records = records(root);
    assert_eq!(records[4].spans, [id.to_string()], "a root span");
    let told: Vec<_> = records
        .iter()
        .map(|record| (record.field("message"), record.field("routine.restart"), record.field("routine.fields")))
        .collect();
    assert_eq!(told[0], ("routine `once` failed: `once` failed", "", ""));
    assert_eq!(told[1], ("routine `worker` failed, restart 1 follows in 0ns: `worker` failed", "1", "shard=7"));
    assert_eq!(told[2].0, "routine `worker` ended, restart 2 follows in 0ns: it returned, and was to run on");
    assert!(told[3].0.contains("panicked at") && told[3].0.contains(", and is not restarted any more: "), "{told:#?}");
    assert_eq!(told[4].0, "routine `told` failed: its child `worker` ended after 2 restarts within 3600s, its budget");
    assert_eq!(told.len(), 5, "{told:#?}");
    assert!(records[..4].iter().all(|record| record.field("routine.parent_id") == id.to_string()), "{records:#?}");
    assert_eq!(records[4].field("routine.id"), id.to_string());
}

#[tokio::test(start_paused = true)]
async fn states_are_readable_while_children_restart() {
    let crew = Crew::default();
    let builder = at_once("seen", Strategy::OneForAll, 9)
        .backoff(Backoff::constant(Duration::from_secs(5)))
        .child(crew.child("a"))
        .child(crew.stubborn("b").grace(Duration::from_secs(2)));
    let supervisor = started(builder).await;
    assert_eq!(supervisor.name(), "seen");
    settle(&supervisor).await;
    crew.tell("a", Order::Fail);
    pass(1).await;
    let children = supervisor.children();
    assert_eq!((children[0].state(), children[0].id()), (ChildState::Restarting, None));
    assert_eq!(children[1].state(), ChildState::Stopping);
    assert_eq!(children[1].kind(), RestartKind::Permanent);
    pass(5).await;
    assert_eq!(states(&supervisor), "a:running b:running");
    drop(supervisor.stop().await);
}
