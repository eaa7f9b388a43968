//! What many cost together: members of groups, jobs of pools, and a million items through a map.

use routine::{Error, Group, Pool};
use routine_tests::Heap;

use super::{ALLOCATIONS, ALLOCATOR, MANY, Row, allocations};

/// What a map may have on the heap beside what it had after its first thousand items.
const BLOCKS: usize = 8;
/// What a group may grow by after its first thousand members.
const BYTES: usize = 4_096;
/// Members of a long-lived group.
const MEMBERS: usize = 100_000;
/// Items of a long map.
const ITEMS: usize = 1_000_000;

fn pool() -> Pool {
    Pool::builder("measured").workers(4).build().expect("a pool")
}

/// Allocations of `MANY` items of a map, after as many to warm up.
macro_rules! of_a_map {
    ($results:expr) => {{
        let mut results = $results;
        let mut before = 0;
        for number in 0..2 * MANY {
            if number == MANY {
                before = ALLOCATOR.stats().allocations;
            }
            assert!(results.next().await.is_some_and(|result| result.is_ok()));
        }
        ALLOCATOR.stats().allocations - before
    }};
}

pub(super) async fn rows() -> Vec<Row> {
    let guard = MANY * ALLOCATIONS;
    let pool = pool();
    let submitted = allocations(|| async {
        let handle = pool.submit(async {}).await.map_err(drop).expect("there is room");
        handle.await.expect("it ends well");
    });
    let tried = allocations(|| async {
        drop(pool.try_submit(async {}).map_err(drop).expect("there is room"));
        while pool.stats().running + pool.stats().waiting > 0 {
            tokio::task::yield_now().await;
        }
    });
    let grouped = routine::group(async |scope| {
        let allocations = allocations(|| async { scope.go(async {}).await.expect("it ends well") });
        Ok::<_, Error>(allocations.await)
    });
    let work = |number: usize| async move { Ok::<_, Error>(number) };
    vec![
        Row("a member of a group", grouped.await.expect("no member fails"), guard),
        Row("an item of a map", of_a_map!(routine::map(0.., 64, work)), guard),
        // The job, and what its handle shares with it; also in a dev build.
        Row("a job that is submitted and awaited", submitted.await, 2 * MANY),
        Row("a job that is submitted and left", tried.await, 2 * MANY),
        Row("an item of a pool's map, in order", of_a_map!(pool.map(0.., work)), 0),
        Row("an item of a pool's map, as completed", of_a_map!(pool.map(0.., work).as_completed()), 0),
        Row("bytes that a long-lived group grows by", long_group(false).await, BYTES),
        Row("the same under members that nobody asks for", long_group(true).await, BYTES),
        Row("blocks that a million items of a map leave", long_map(None).await, BLOCKS),
        Row("the same of a pool's map", long_map(Some(&pool)).await, BLOCKS),
    ]
}

/// Bytes by which the heap grows between the thousandth member of a group and the last, beside one that stays all the while.
async fn long_group(unasked: bool) -> usize {
    let mut group = Group::new();
    group.go_value(std::future::pending::<()>());
    let mut before = 0;
    for number in 0..MEMBERS {
        if number == MANY {
            before = Heap::of(ALLOCATOR.stats()).bytes;
        }
        if unasked {
            group.scope().go(async {}).await.expect("it ends well");
        } else {
            group.go_value(async {});
            group.next().await.expect("it is there").expect("it ends well");
        }
    }
    Heap::of(ALLOCATOR.stats()).bytes.saturating_sub(before)
}

/// Blocks by which the heap grows at most between the thousandth item and the last, looked at all the while.
async fn long_map(pool: Option<&Pool>) -> usize {
    let work = |number: usize| async move { Ok::<_, Error>(number) };
    let (mut map, mut pooled) = (routine::map(0..ITEMS, 64, work), pool.map(|pool| pool.map(0..ITEMS, work)));
    let (mut before, mut most) = (0, 0);
    for expected in 0..ITEMS {
        let result = match &mut pooled {
            Some(pooled) => pooled.next().await,
            None => map.next().await,
        };
        assert_eq!(result.and_then(Result::ok), Some(expected));
        if expected == MANY {
            before = Heap::of(ALLOCATOR.stats()).blocks;
        } else if expected > MANY && expected % 100 == 0 {
            // What is under way differs by as many as the map has room for.
            most = most.max(Heap::of(ALLOCATOR.stats()).blocks.saturating_sub(before + 64 * ALLOCATIONS));
        }
    }
    most
}
