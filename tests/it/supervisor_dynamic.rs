//! Children that come, go and come back while their supervisor works, and what it answers meanwhile.

use std::error::Error as _;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use routine::supervise::{
    ChildErrorKind as Kind, ChildSpec, Strategy, Supervisor, SupervisorBuilder, SupervisorHandle,
};
use routine::{Backoff, Error, RestartKind, cancelled, snapshot};
use routine_tests::capture;
use routine_tests::crew::{Crew, Order, child, pass, settle, states};
use tokio::time::{Instant, timeout};

const SECOND: Duration = Duration::from_secs(1);

fn at_once(name: &'static str, strategy: Strategy) -> SupervisorBuilder {
    Supervisor::builder(name)
        .strategy(strategy)
        .budget(1_000, Duration::from_hours(1))
        .backoff(Backoff::constant(Duration::ZERO))
}

async fn started(supervisor: SupervisorBuilder) -> SupervisorHandle {
    supervisor.build().unwrap().start().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_child_is_added_terminated_restarted_and_removed() {
    let crew = Crew::default();
    let supervisor = started(at_once("adm", Strategy::OneForOne).child(crew.child("one"))).await;
    settle(&supervisor).await;
    let first = child(&supervisor, "one").id().unwrap();
    assert!(
        snapshot().get(first).is_some_and(|routine| routine.name() == "one" && routine.parent() == supervisor.id())
    );
    assert_eq!(supervisor.add_child(crew.child("one")).await.unwrap_err().kind(), Kind::NameTaken);
    assert_eq!(supervisor.restart_child("one").await.unwrap_err().kind(), Kind::Running);
    for nobody in [supervisor.terminate("two").await, supervisor.remove_child("two").await] {
        assert_eq!(nobody.unwrap_err().kind(), Kind::NotFound);
    }
    let nobody = supervisor.restart_child("two").await.unwrap_err();
    assert_eq!(
        (nobody.kind(), nobody.name(), nobody.to_string().as_str()),
        (Kind::NotFound, "two", "there is no child `two`")
    );

    supervisor.terminate("one").await.unwrap();
    assert_eq!((crew.log().as_str(), states(&supervisor).as_str()), ("+one -one", "one:terminated"));
    assert_eq!(child(&supervisor, "one").id(), None);
    assert!(snapshot().get(first).is_none(), "it has ended when this returns");
    supervisor.terminate("one").await.unwrap();
    assert_eq!(supervisor.add_child(crew.child("one")).await.unwrap_err().kind(), Kind::NameTaken);

    let second = supervisor.restart_child("one").await.unwrap();
    assert_ne!(first, second);
    assert_eq!(child(&supervisor, "one").id(), Some(second));
    settle(&supervisor).await;
    supervisor.remove_child("one").await.unwrap();
    assert_eq!((crew.log().as_str(), states(&supervisor).as_str()), ("+one -one", ""));
    assert_eq!(supervisor.restart_child("one").await.unwrap_err().kind(), Kind::NotFound);
    supervisor.add_child(crew.child("one")).await.unwrap();
    settle(&supervisor).await;
    supervisor.terminate("one").await.unwrap();
    supervisor.remove_child("one").await.unwrap();
    assert_eq!(states(&supervisor), "");
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn whether_a_child_that_ended_is_still_known_depends_on_its_kind() {
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        for order in [None, Some(Order::Return), Some(Order::Fail), Some(Order::Panic)] {
            let crew = Crew::default();
            let supervisor = started(at_once("kinds", strategy)).await;
            for kind in [RestartKind::Permanent, RestartKind::Transient, RestartKind::Temporary] {
                let name = kind.as_str();
                let again = || crew.child(name).restart(kind);
                supervisor.add_child(again()).await.unwrap();
                settle(&supervisor).await;
                match order {
                    Some(order) => crew.tell(name, order),
                    None => supervisor.terminate(name).await.unwrap(),
                }
                settle(&supervisor).await;
                let returns = matches!(order, None | Some(Order::Return));
                let known = match kind {
                    RestartKind::Temporary => None,
                    RestartKind::Transient if returns => Some(false),
                    _ => Some(order.is_some()),
                };
                let added = supervisor.add_child(again()).await.map(|_| ()).map_err(|error| error.kind());
                let restarted = supervisor.restart_child(name).await.map(|_| ()).map_err(|error| error.kind());
                let expected = match known {
                    None => (Ok(()), Err(Kind::Running)),
                    Some(true) => (Err(Kind::NameTaken), Err(Kind::Running)),
                    Some(false) => (Err(Kind::NameTaken), Ok(())),
                };
                assert_eq!((added, restarted), expected, "{strategy:?} {kind} {order:?}");
                supervisor.remove_child(name).await.unwrap();
            }
            drop(supervisor.stop().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_does_not_start_is_its_adders_error_and_is_forgotten() {
    let crew = Crew::default();
    let supervisor = started(at_once("adds", Strategy::OneForOne)).await;
    crew.refuse_next("one", 1);
    let error = supervisor.add_child(crew.child("one")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotStarted);
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert!(source.panic().is_some_and(|panic| panic.message() == "`one` does not start"), "{source}");
    assert_eq!(states(&supervisor), "");
    supervisor.add_child(crew.child("one")).await.unwrap();
    settle(&supervisor).await;

    for (order, told) in [(Order::Fail, "failed: `two` failed"), (Order::Return, "without saying that it had started")]
    {
        let adds = {
            let (supervisor, spec) = (supervisor.clone(), crew.slow_starter("two"));
            tokio::spawn(async move { supervisor.add_child(spec).await })
        };
        settle(&supervisor).await;
        assert_eq!(states(&supervisor), "one:running two:starting");
        crew.tell("two", order);
        let error = adds.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), Kind::NotStarted);
        assert!(error.source().unwrap().to_string().contains(told), "{error:?}");
        assert_eq!(states(&supervisor), "one:running", "and it is not tried again");
    }

    supervisor.terminate("one").await.unwrap();
    crew.refuse_next("one", 1);
    assert_eq!(supervisor.restart_child("one").await.unwrap_err().kind(), Kind::NotStarted);
    assert_eq!(states(&supervisor), "one:failed", "one that was there before stays known");
    supervisor.restart_child("one").await.unwrap();
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn it_answers_while_a_child_hangs_in_its_start_and_while_one_restarts_without_end() {
    capture();
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        let crew = Crew::default();
        let builder = Supervisor::builder("hangs")
            .strategy(strategy)
            .budget(u32::MAX, Duration::from_hours(1))
            .backoff(Backoff::constant(Duration::ZERO))
            .child(crew.slow_starter("slow"));
        let supervisor = builder.build().unwrap();
        let handle = supervisor.handle();
        let start = tokio::spawn(supervisor.start());
        settle(&handle).await;
        assert_eq!(handle.restart_child("slow").await.unwrap_err().kind(), Kind::Running);
        crew.tell("slow", Order::Start);
        start.await.unwrap().unwrap();
        // A restart that fails at once, for ever.
        crew.refuse_next("mad", 0);
        handle.add_child(crew.child("mad")).await.unwrap();
        settle(&handle).await;
        crew.refuse_next("mad", usize::MAX);
        crew.tell("mad", Order::Fail);
        tokio::task::yield_now().await;
        let busy = handle.restart_child("mad").await.unwrap_err().kind();
        assert!(matches!(busy, Kind::Restarting | Kind::Running), "{busy:?}");
        handle.remove_child("mad").await.unwrap();
        drop(handle.stop().await);
        assert_eq!(crew.log().matches("+mad").count(), 1, "{strategy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_during_a_restart_is_done_after_it_or_instead_of_it() {
    let crew = Crew::default();
    let builder = at_once("asked", Strategy::OneForAll).backoff(Backoff::constant(SECOND * 10));
    let supervisor = started(builder.child(crew.child("a")).child(crew.child("b")).child(crew.child("c"))).await;
    settle(&supervisor).await;
    let _ = crew.log();
    crew.tell("a", Order::Fail);
    pass(1).await;
    assert_eq!(supervisor.restart_child("b").await.unwrap_err().kind(), Kind::Restarting);
    supervisor.terminate("b").await.unwrap();
    supervisor.remove_child("c").await.unwrap();
    let before = Instant::now();
    supervisor.add_child(crew.child("d")).await.unwrap();
    assert_eq!(before.elapsed(), SECOND * 9, "a new one starts after those before it");
    settle(&supervisor).await;
    assert_eq!(crew.log(), "!a -c -b +a +d");
    assert_eq!(states(&supervisor), "a:running b:terminated d:running");
    drop(supervisor.stop().await);

    let supervisor =
        started(at_once("alone", Strategy::OneForOne).backoff(Backoff::constant(SECOND * 10)).child(crew.child("a")))
            .await;
    settle(&supervisor).await;
    crew.tell("a", Order::Fail);
    pass(1).await;
    assert_eq!(supervisor.restart_child("a").await.unwrap_err().kind(), Kind::Restarting);
    supervisor.terminate("a").await.unwrap();
    assert_eq!(states(&supervisor), "a:terminated");
    let id = supervisor.restart_child("a").await.unwrap();
    pass(60).await;
    assert_eq!(child(&supervisor, "a").id(), Some(id), "the wait is off");
    supervisor.terminate("a").await.unwrap();
    pass(60).await;
    assert_eq!(states(&supervisor), "a:terminated");
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_start_that_a_restart_cuts_short_is_told_of_the_next() {
    let crew = Crew::default();
    let supervisor = started(at_once("again", Strategy::OneForAll).child(crew.child("a"))).await;
    settle(&supervisor).await;
    let add = |name: &str, kind| {
        let (supervisor, spec) = (supervisor.clone(), crew.slow_starter(name).restart(kind).grace(SECOND));
        tokio::spawn(async move { supervisor.add_child(spec).await })
    };
    let added = add("b", RestartKind::Permanent);
    settle(&supervisor).await;
    crew.tell("a", Order::Fail);
    pass(2).await;
    assert_eq!((states(&supervisor).as_str(), crew.log().as_str()), ("a:running b:starting", "+a +b !a +a +b"));
    crew.tell("b", Order::Start);
    assert_eq!(added.await.unwrap().unwrap(), child(&supervisor, "b").id().unwrap());

    // A temporary one has no next, and neither has one that somebody stops meanwhile.
    for kind in [RestartKind::Temporary, RestartKind::Transient] {
        let added = add("c", kind);
        settle(&supervisor).await;
        crew.tell("a", Order::Fail);
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        if kind != RestartKind::Temporary {
            supervisor.remove_child("c").await.unwrap();
        }
        assert_eq!(added.await.unwrap().unwrap_err().kind(), Kind::Terminated, "{kind}");
        pass(2).await;
        crew.tell("b", Order::Start);
        settle(&supervisor).await;
        assert_eq!(states(&supervisor), "a:running b:running");
    }
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_waits_for_the_start_of_another_stops_when_it_is_asked() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let crew = Crew::default();
        let (own, is_there) = tokio::sync::watch::channel(None::<SupervisorHandle>);
        let kinds = Arc::new(std::sync::Mutex::new(Vec::new()));
        let adds = {
            let (crew, kinds) = (crew.clone(), Arc::clone(&kinds));
            ChildSpec::new("adds", move || {
                let (crew, kinds, mut is_there) = (crew.clone(), Arc::clone(&kinds), is_there.clone());
                async move {
                    let own = is_there.wait_for(Option::is_some).await.unwrap().clone().unwrap();
                    let added = own.add_child(crew.slow_starter("slow").grace(SECOND)).await;
                    kinds.lock().unwrap().push(added.unwrap_err().kind());
                }
            })
        };
        let builder = at_once("adding", strategy).child(crew.child("fails")).child(adds.grace(Duration::MAX));
        let supervisor = started(builder.backoff(Backoff::constant(SECOND * 60))).await;
        own.send(Some(supervisor.clone())).unwrap();
        settle(&supervisor).await;
        assert_eq!(states(&supervisor), "fails:running adds:running slow:starting", "{strategy:?}");
        crew.tell("fails", Order::Fail);
        pass(2).await;
        assert_eq!(*kinds.lock().unwrap(), [Kind::Cancelled], "{strategy:?}");
        let stopped = timeout(SECOND, supervisor.stop()).await.expect("nobody waits for one who waits");
        assert!(stopped.overdue().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_was_terminated_while_its_siblings_stop_is_shown_so() {
    let crew = Crew::default();
    let builder = at_once("shown", Strategy::OneForAll).child(crew.child("a")).child(crew.child("b"));
    let supervisor = started(builder.child(crew.stubborn("c").grace(SECOND * 5))).await;
    settle(&supervisor).await;
    crew.tell("a", Order::Fail);
    pass(1).await;
    supervisor.terminate("b").await.unwrap();
    assert_eq!(states(&supervisor), "a:restarting b:terminated c:stopping");
    pass(6).await;
    assert_eq!(states(&supervisor), "a:running b:terminated c:running");
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn one_that_panics_in_the_turn_in_which_it_says_that_it_has_started_has_started() {
    let runs = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&runs);
    let panics_once = ChildSpec::with_ready("panics once", move |ready| {
        let run = own.fetch_add(1, SeqCst);
        async move {
            ready.started(());
            assert!(run > 0, "at once");
            cancelled().await;
        }
    });
    let supervisor = started(at_once("panics", Strategy::OneForOne)).await;
    supervisor.add_child(panics_once).await.unwrap();
    let own = Arc::clone(&runs);
    let in_its_closure = ChildSpec::with_ready("in its closure", move |ready| {
        ready.started(());
        assert!(own.fetch_add(1, SeqCst) != 2, "at once");
        cancelled()
    });
    settle(&supervisor).await;
    supervisor.add_child(in_its_closure).await.unwrap();
    settle(&supervisor).await;
    assert_eq!(runs.load(SeqCst), 4);
    assert_eq!(states(&supervisor), "panics once:running in its closure:running");
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn who_wants_a_child_gone_has_the_last_word() {
    for remove_first in [true, false] {
        let crew = Crew::default();
        let supervisor = started(at_once("gone", Strategy::OneForOne).child(crew.stubborn("hung"))).await;
        settle(&supervisor).await;
        let ask = |removes: bool| {
            let supervisor = supervisor.clone();
            tokio::spawn(async move {
                if removes { supervisor.remove_child("hung").await } else { supervisor.terminate("hung").await }
            })
        };
        let first = ask(remove_first);
        pass(1).await;
        let second = ask(!remove_first);
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        assert_eq!(states(&supervisor), "");
        drop(supervisor.stop().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_that_hangs_can_be_removed_and_the_others_work_meanwhile() {
    let crew = Crew::default();
    let supervisor =
        started(at_once("hung", Strategy::OneForOne).child(crew.stubborn("hung")).child(crew.child("well"))).await;
    settle(&supervisor).await;
    let removals: Vec<_> = (0..2)
        .map(|_| {
            let supervisor = supervisor.clone();
            tokio::spawn(async move { supervisor.remove_child("hung").await })
        })
        .collect();
    pass(1).await;
    assert_eq!(states(&supervisor), "hung:stopping well:running");
    crew.tell("well", Order::Fail);
    pass(1).await;
    assert_eq!(child(&supervisor, "well").restarts(), 1);
    let before = Instant::now();
    for removal in removals {
        removal.await.unwrap().unwrap();
    }
    assert_eq!(before.elapsed(), SECOND * 3, "5 s in all");
    assert_eq!(states(&supervisor), "well:running");
    assert!(supervisor.stop().await.overdue().is_empty(), "what was overdue long before is no part of the stop");
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_waiting_takes_nothing_back() {
    let crew = Crew::default();
    let supervisor = started(at_once("patience", Strategy::OneForOne).child(crew.stubborn("hung"))).await;
    settle(&supervisor).await;
    assert!(timeout(SECOND, supervisor.terminate("hung")).await.is_err());
    assert!(timeout(SECOND, supervisor.add_child(crew.slow_starter("slow"))).await.is_err());
    pass(4).await;
    assert_eq!(states(&supervisor), "hung:terminated slow:starting");
    crew.tell("slow", Order::Start);
    settle(&supervisor).await;
    assert_eq!(states(&supervisor), "hung:terminated slow:running");
    drop(supervisor.stop().await);
}

#[tokio::test(start_paused = true)]
async fn children_may_add_siblings_and_stop_the_whole() {
    let supervisor = at_once("family", Strategy::OneForOne).build().unwrap();
    let own = supervisor.handle();
    let supervisor = supervisor.start().await.unwrap();
    let born = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&born);
    let parent = ChildSpec::new("parent", move || {
        let (own, seen) = (own.clone(), Arc::clone(&seen));
        async move {
            for name in ["x", "y"] {
                let seen = Arc::clone(&seen);
                let sibling = ChildSpec::new(name, move || {
                    seen.fetch_add(1, SeqCst);
                    pending::<()>()
                });
                own.add_child(sibling.grace(SECOND)).await.unwrap();
            }
            drop(own.stop().await);
        }
    });
    supervisor.add_child(parent).await.unwrap();
    supervisor.ended().await.unwrap();
    assert_eq!(born.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn no_time_is_lost_on_many_supervisors_that_are_stopped_at_once() {
    let builder = (0..100).fold(at_once("many", Strategy::OneForOne), |builder, number| {
        let make = move || Supervisor::builder(format!("nested {number}")).build();
        builder.child(ChildSpec::supervisor(format!("nested {number}"), make))
    });
    let supervisor = builder.build().unwrap();
    let handle = supervisor.handle();
    let start = tokio::spawn(supervisor.start());
    tokio::task::yield_now().await;
    let before = Instant::now();
    assert!(handle.stop().await.overdue().is_empty());
    assert_eq!(before.elapsed(), Duration::ZERO);
    start.await.unwrap().unwrap();
}

#[tokio::test]
async fn ten_thousand_temporary_children_cost_ten_times_a_thousand() {
    async fn crowd(count: usize) -> Duration {
        let supervisor = started(at_once("crowd", Strategy::OneForOne)).await;
        let names: Vec<_> = (0..count).map(|number| format!("worker {number}")).collect();
        let begin = std::time::Instant::now();
        for name in &names {
            let worker = ChildSpec::new(name.as_str(), routine::cancelled).restart(RestartKind::Temporary);
            supervisor.add_child(worker).await.unwrap();
        }
        assert_eq!(supervisor.children().len(), count);
        let (by_hand, by_stop) = names.split_at(count / 2);
        for name in by_hand {
            supervisor.terminate(name).await.unwrap();
        }
        assert_eq!(supervisor.children().len(), by_stop.len());
        assert!(supervisor.stop().await.overdue().is_empty());
        begin.elapsed()
    }
    crowd(1_000).await;
    let (few, many) = (crowd(1_000).await, crowd(10_000).await);
    // What grows with the square would take a hundred times as long; the rest is for a machine that has other work.
    assert!(many < few * 50, "{few:?} for 1,000, {many:?} for 10,000");
}

#[tokio::test]
async fn a_child_that_ends_as_soon_as_it_has_started_has_started() {
    let supervisor = started(at_once("short", Strategy::OneForOne)).await;
    for number in 0..100 {
        let child = ChildSpec::new(format!("job {number}"), || async {}).restart(RestartKind::Temporary);
        supervisor.add_child(child).await.unwrap();
    }
    assert!(supervisor.stop().await.overdue().is_empty());
}

#[tokio::test]
async fn children_that_end_as_soon_as_they_have_started_do_not_fail_the_first_start() {
    // However many come before it.
    for before in 0..8 {
        let mut supervisor = at_once("brief", Strategy::OneForOne);
        for number in 0..before {
            let ends = || async {};
            supervisor = supervisor.child(ChildSpec::new(format!("{number}"), ends).restart(RestartKind::Transient));
        }
        let runs = Arc::new(AtomicUsize::new(0));
        let fails_once = ChildSpec::new("fails once", move || {
            let run = runs.fetch_add(1, SeqCst);
            async move {
                if run == 0 {
                    return Err::<(), _>("at once");
                }
                cancelled().await;
                Ok(())
            }
        });
        let supervisor = started(supervisor.child(fails_once)).await;
        assert!(supervisor.stop().await.overdue().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_start_behind_a_restart_is_started_also_where_that_begins_anew() {
    let crew = Crew::default();
    let runs = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&runs);
    let fails_twice = ChildSpec::new("a", move || {
        let run = own.fetch_add(1, SeqCst);
        async move {
            match run {
                0 => tokio::time::sleep(SECOND).await,
                1 => {}
                _ => {
                    cancelled().await;
                    return Ok(());
                }
            }
            Err::<(), _>("it fails")
        }
    });
    let supervisor = at_once("carried", Strategy::RestForOne).backoff(Backoff::constant(SECOND));
    let supervisor = started(supervisor.child(crew.child("x")).child(fails_twice).child(crew.child("b"))).await;
    supervisor.terminate("x").await.unwrap();
    tokio::time::sleep(SECOND * 3 / 2).await;
    assert_eq!(runs.load(SeqCst), 1, "it waits for its restart");
    timeout(SECOND * 60, supervisor.restart_child("x")).await.unwrap().unwrap();
    assert_eq!(runs.load(SeqCst), 3);
    assert!(supervisor.stop().await.overdue().is_empty());
}
