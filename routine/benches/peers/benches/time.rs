//! The time of a batch of each peer, by criterion, on one thread and on two. Criterion measures one benchmark after the other,
//! so that what another process does to the machine meanwhile falls on some of them: `over_bare` has the ratios.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use routine_peers::{BARE, BATCH, PEERS, one_thread};
use tokio::runtime::Runtime;

fn measure(criterion: &mut Criterion, name: &str, runtime: &Runtime) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(BATCH.into()));
    for peer in std::iter::once(BARE).chain(PEERS) {
        group.bench_function(peer.name, |bencher| bencher.iter(|| peer.run(runtime)));
    }
    group.finish();
}

fn batches(criterion: &mut Criterion) {
    measure(criterion, "one thread", &one_thread());
    let two = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    measure(criterion, "two threads", &two);
}

criterion_group! {
    name = peers;
    config = Criterion::default().sample_size(50);
    targets = batches
}
criterion_main!(peers);
