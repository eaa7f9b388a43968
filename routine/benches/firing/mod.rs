//! How late the runs of a schedule begin, beside the ticks of tokio's interval.
//!
//! A pair of them counts from one instant, so that tokio's rounding of timers to milliseconds is the same for both. The pairs
//! begin at other parts of a millisecond, so that together they see all of what the rounding does.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use routine::schedule;
use tokio::runtime::Builder;
use tokio::task::yield_now;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

const PERIOD: Duration = Duration::from_millis(10);
const PAIRS: usize = 8;
/// Between the beginnings of two pairs: a millisecond and its eighth.
const APART: Duration = Duration::from_micros(1_125);
const ROUND: Duration = Duration::from_millis(2_500);
const ROUNDS: usize = 3;
/// Tasks that are always busy, for two workers.
pub(crate) const LOAD: usize = 4;
const WORK: Duration = Duration::from_micros(100);

/// In microseconds.
struct Late {
    median: f64,
    slow: f64,
    most: f64,
}

impl Late {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
        Self { median: at(50), slow: at(99), most: at(100) }
    }

    fn print(&self, what: &str) {
        println!("{what:<56} {:>9.0} {:>7.0} {:>7.0}", self.median, self.slow, self.most);
    }
}

/// A schedule that says how late each of its runs begins. Where one makes up for others, it is as late as the first of them.
fn every(begin: Instant, late: Sender<Duration>) {
    let mut passed = 0;
    let scheduled = schedule::every(PERIOD, move || {
        let due = begin + PERIOD * (passed + 1);
        // Nobody listens any more once the round is over.
        let _ = late.send(Instant::now().saturating_duration_since(due));
        let stats = schedule::current().expect("a run has its schedule").stats();
        passed = u32::try_from(stats.runs + stats.missed + stats.skipped).expect("a round is short");
        async {}
    });
    drop(scheduled.expect("10 ms are a period"));
}

/// The same with an interval, whose ticks make up for others in the same way.
fn interval(begin: Instant, late: Sender<Duration>) {
    tokio::spawn(async move {
        let mut interval = interval_at(begin + PERIOD, PERIOD);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let due = interval.tick().await;
            let _ = late.send(due.elapsed());
        }
    });
}

async fn busy() {
    loop {
        let begin = Instant::now();
        while begin.elapsed() < WORK {
            std::hint::spin_loop();
        }
        yield_now().await;
    }
}

/// How late the schedules' runs were, and the intervals' ticks.
fn round(load: usize) -> (Late, Late) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("a runtime");
    let ((runs, late_runs), (ticks, late_ticks)) = (channel(), channel());
    let entered = runtime.enter();
    (0..load).for_each(|_| drop(tokio::spawn(busy())));
    for _ in 0..PAIRS {
        let begin = Instant::now();
        // First, since it reads the clock for itself: a millisecond that ends in between would be one of difference.
        every(begin, runs.clone());
        interval(begin, ticks.clone());
        thread::sleep(APART);
    }
    thread::sleep(ROUND);
    drop(entered);
    drop(runtime);
    (Late::of(late_runs.try_iter().collect()), Late::of(late_ticks.try_iter().collect()))
}

/// Prints how late both were beside so many busy tasks, in the round in which the interval was least late, and gives the
/// difference of their medians, the median of the rounds.
pub(crate) fn print(load: &str, tasks: usize) -> f64 {
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| round(tasks)).collect();
    rounds.sort_by(|(_, one), (_, other)| one.slow.total_cmp(&other.slow));
    let (runs, ticks) = &rounds[0];
    runs.print(&format!("schedule::every, {load}"));
    ticks.print(&format!("tokio::time::interval, {load}"));
    let mut differences: Vec<f64> = rounds.iter().map(|(runs, ticks)| runs.median - ticks.median).collect();
    differences.sort_by(f64::total_cmp);
    differences[ROUNDS / 2]
}
