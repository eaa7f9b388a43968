//! A routine that starts its successor a hundred thousand times, under a usual subscriber and with hooks: its trace is as
//! long at the end as at the start, and so is what is on the heap.

use routine::{add_around_routine, go, stats, trace};
use routine_tests::Heap;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::sync::oneshot;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

const SUCCESSORS: u32 = 100_000;
/// Where the heap is looked at first.
const WARM: u32 = 10_000;
/// What may be there at the end that was not there before: the spans that happen to be open at that moment, which may be 64
/// for each thread, of some blocks each. A single block that each successor left behind would be ninety thousand.
const BLOCKS: usize = 2_000;
const BYTES: usize = 512 << 10;

/// What a successor saw.
struct Seen {
    trace: usize,
    heap: Heap,
    live: u64,
}

impl Seen {
    fn now() -> Self {
        let trace = trace::current().expect("a routine has a trace").to_string().len();
        Self { trace, heap: Heap::of(ALLOCATOR.stats()), live: stats().live }
    }
}

fn next(number: u32, warm: Option<Seen>, done: oneshot::Sender<(Seen, Seen)>) {
    go(async move {
        let warm = if number == WARM { Some(Seen::now()) } else { warm };
        match warm {
            Some(warm) if number == SUCCESSORS => drop(done.send((warm, Seen::now()))),
            warm => next(number + 1, warm, done),
        }
    });
}

fn main() {
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    let hooks = add_around_routine(|_| (), |_| ());
    let mut builders = [tokio::runtime::Builder::new_current_thread(), tokio::runtime::Builder::new_multi_thread()];
    for builder in &mut builders {
        let runtime = builder.worker_threads(2).build().expect("a runtime");
        let (done, is_done) = oneshot::channel();
        let (warm, end) = runtime.block_on(async {
            next(0, None, done);
            is_done.await.expect("the last one says so")
        });
        println!("{} live, {}; then {} live, {}", warm.live, warm.heap, end.live, end.heap);
        assert_eq!(warm.trace, end.trace);
        assert!(end.live <= 3, "those that ended are still there");
        assert!(end.heap.is_flat_since(warm.heap, BLOCKS, BYTES), "something stays behind");
    }
    assert!(hooks.remove());
    assert_eq!(stats().completed, u64::from(SUCCESSORS + 1) * 2);
}
