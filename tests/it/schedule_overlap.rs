//! What happens to a run whose instant comes while another is still going.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use routine::Outcome;
use routine::schedule::{Overlap, Schedule};
use routine_tests::Drops;
use tokio::task::yield_now;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Counts runs: those that began, those that are going on, and the most that went on at once.
#[derive(Clone, Default)]
struct Job(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Job {
    fn run(&self, time: Duration) -> impl Future<Output = ()> + Send + use<> {
        let counts = Arc::clone(&self.0);
        async move {
            counts.begun.fetch_add(1, Ordering::SeqCst);
            let now = counts.now.fetch_add(1, Ordering::SeqCst) + 1;
            counts.most.fetch_max(now, Ordering::SeqCst);
            let _gone = Gone(&counts);
            sleep(time).await;
            counts.ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Begun, ended, and the most at once.
    fn counts(&self) -> (usize, usize, usize) {
        let [begun, ended, most] =
            [&self.0.begun, &self.0.ended, &self.0.most].map(|count| count.load(Ordering::SeqCst));
        (begun, ended, most)
    }
}

struct Gone<'a>(&'a Counts);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

fn schedule(overlap: Overlap, takes: Duration) -> (Schedule, Job) {
    let job = Job::default();
    let run = job.clone();
    (Schedule::builder().overlap(overlap).every(SECOND, move || run.run(takes)).unwrap(), job)
}

#[tokio::test(start_paused = true)]
async fn a_run_that_would_overlap_is_skipped_and_counted() {
    let (schedule, job) = schedule(Overlap::Skip, ms(2_500));
    sleep(ms(10_100)).await;
    // At 1, 4, 7 and 10 seconds.
    assert_eq!(job.counts(), (4, 3, 1));
    assert_eq!((schedule.stats().runs, schedule.stats().skipped, schedule.stats().running), (4, 6, 1));
}

#[tokio::test(start_paused = true)]
async fn of_eleven_at_once_ten_are_skipped() {
    let (schedule, job) = schedule(Overlap::Skip, ms(10));
    let taken = (0..11).filter(|_| schedule.run_now()).count();
    assert_eq!(taken, 1);
    sleep(ms(200)).await;
    assert_eq!(job.counts(), (1, 1, 1));
    assert_eq!((schedule.stats().completed, schedule.stats().skipped), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn once_the_first_has_ended_the_second_begins_at_once() {
    for overlap in [Overlap::Skip, Overlap::Queue, Overlap::CancelOld, Overlap::Allow(1)] {
        let (schedule, job) = schedule(overlap, ms(1));
        assert!(schedule.run_now());
        sleep(ms(2)).await;
        assert_eq!(job.counts(), (1, 1, 1), "{overlap:?}");
        assert!(schedule.run_now());
        sleep(ms(2)).await;
        assert_eq!(job.counts(), (2, 2, 1), "{overlap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn schedules_are_in_nobodys_way() {
    let (one, first) = schedule(Overlap::Skip, ms(10));
    let (other, second) = schedule(Overlap::Skip, ms(10));
    let taken = (0..11).map(|_| usize::from(one.run_now()) + usize::from(other.run_now())).sum::<usize>();
    assert_eq!(taken, 2);
    sleep(ms(100)).await;
    assert_eq!((first.counts(), second.counts()), ((1, 1, 1), (1, 1, 1)));
}

#[tokio::test(start_paused = true)]
async fn one_run_waits_for_the_one_before_and_no_more() {
    let (schedule, job) = schedule(Overlap::Queue, ms(2_500));
    sleep(ms(1_500)).await;
    assert_eq!(job.counts(), (1, 0, 1));
    sleep(ms(1_000)).await;
    assert_eq!(job.counts(), (1, 0, 1), "the second waits");
    // At 1 and 3.5 seconds; what came at 2 waits, what came at 3 is skipped.
    sleep(ms(1_100)).await;
    assert_eq!(job.counts(), (2, 1, 1));
    assert_eq!(schedule.stats().skipped, 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_held_back_by_a_pause() {
    let (schedule, job) = schedule(Overlap::Queue, ms(1_500));
    sleep(ms(2_100)).await;
    schedule.pause();
    sleep(ms(20_000)).await;
    assert_eq!(job.counts(), (1, 1, 1));
    assert!(schedule.run_now(), "it is in nobody's way");
    sleep(ms(1_600)).await;
    assert_eq!(job.counts(), (2, 2, 1));
    schedule.resume();
    sleep(ms(1)).await;
    assert_eq!(job.counts(), (3, 2, 1), "it begins at once, not at the next instant");
}

#[tokio::test(start_paused = true)]
async fn a_run_asked_for_by_hand_waits_too() {
    let (schedule, job) = schedule(Overlap::Queue, ms(10));
    assert!(schedule.run_now());
    sleep(ms(1)).await;
    assert!(schedule.run_now());
    assert!(!schedule.run_now());
    sleep(ms(4)).await;
    assert_eq!(job.counts(), (1, 0, 1));
    sleep(ms(25)).await;
    assert_eq!(job.counts(), (2, 2, 1));
    assert_eq!(schedule.stats().skipped, 1);
}

#[tokio::test(start_paused = true)]
async fn the_old_run_is_aborted_for_the_new_which_begins_when_it_has_gone() {
    let (schedule, job) = schedule(Overlap::CancelOld, ms(1_500));
    sleep(ms(4_100)).await;
    assert_eq!(job.counts(), (4, 0, 1));
    let stats = schedule.stats();
    assert_eq!((stats.runs, stats.cancelled, stats.running, stats.skipped), (4, 3, 1, 0));
    assert_eq!(schedule.last().map(|last| (last.run, last.outcome)), Some((3, Outcome::Cancelled)));
    schedule.pause();
    sleep(ms(2_000)).await;
    assert_eq!((schedule.stats().completed, schedule.stats().cancelled), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn as_many_run_at_once_as_are_allowed() {
    let (schedule, job) = schedule(Overlap::Allow(3), ms(4_500));
    sleep(ms(10_100)).await;
    // From 1 to 5.5 seconds, 2 to 6.5, 3 to 7.5; not at 4 and 5; then 6, 7, 8; not at 9 and 10.
    assert_eq!(job.counts(), (6, 3, 3));
    assert_eq!((schedule.stats().skipped, schedule.stats().running), (4, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_overlap_run_on_all_threads() {
    let barrier = Arc::new(tokio::sync::Barrier::new(3));
    let inside = Arc::clone(&barrier);
    let schedule = Schedule::builder()
        .overlap(Overlap::Allow(2))
        .every(Duration::from_hours(1), move || {
            let barrier = Arc::clone(&inside);
            async move {
                barrier.wait().await;
            }
        })
        .unwrap();
    assert!(schedule.run_now());
    assert!(schedule.run_now());
    assert!(!schedule.run_now());
    barrier.wait().await;
    while schedule.stats().completed < 2 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn from_its_end_a_schedule_waits_also_for_what_was_skipped() {
    let job = Job::default();
    let run = job.clone();
    let schedule = Schedule::builder().from_end().every(SECOND, move || run.run(ms(1_500))).unwrap();
    sleep(ms(500)).await;
    assert!(schedule.run_now());
    // The run by hand goes from 0.5 to 2 seconds, so the plan's run at 1 is skipped; the next is at 2.
    sleep(ms(600)).await;
    assert_eq!(schedule.stats().skipped, 1);
    sleep(ms(1_000)).await;
    assert_eq!(job.counts(), (2, 1, 1));
    sleep(ms(1_500)).await;
    assert_eq!(job.counts(), (2, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_a_run_holds_is_gone_before_the_next_begins() {
    let drops = Drops::default();
    let held = drops.clone();
    let mut number = 0;
    let schedule = Schedule::builder().overlap(Overlap::CancelOld).every(SECOND, move || {
        assert_eq!(held.count(), number);
        number += 1;
        let guard = held.guard();
        async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }
    });
    sleep(ms(5_500)).await;
    assert_eq!((schedule.unwrap().stats().cancelled, drops.count()), (4, 4));
}
