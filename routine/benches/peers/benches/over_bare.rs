//! What each peer costs over a bare `tokio::spawn`: its time, a bare batch and one of the peer in turn, and its instructions,
//! where valgrind is installed. Without a subscriber, and where a peer makes spans also with one that keeps them.
//!
//! With `-- none JoinSet 8` and the like it runs that many batches and says nothing, which is what callgrind counts.

use std::process::ExitCode;

use routine_peers::{BARE, BATCH, PEERS, Peer, one_thread, subscribe};

use callgrind::instructions;
use pairs::Ratios;

#[path = "../../callgrind/mod.rs"]
mod callgrind;
#[path = "../../pairs/mod.rs"]
mod pairs;

const PAIRS: usize = 200;

fn row(subscriber: &str, peer: Peer) {
    let runtime = one_thread();
    let ratios = Ratios::measure(PAIRS, || BARE.time(&runtime), || peer.time(&runtime));
    let count = |peer: Peer| instructions(&[subscriber, peer.name], BATCH.into());
    let over = match (count(peer), count(BARE)) {
        (Some(peer), Some(bare)) => format!("{:.0}", peer - bare),
        _ => "no valgrind".to_owned(),
    };
    println!(
        "{:<16} {subscriber:<12} {:>6.2} {:>6.2} to {:>4.2} {over:>14}",
        peer.name, ratios.median, ratios.lower, ratios.upper
    );
}

fn main() -> ExitCode {
    // Cargo adds `--bench` of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [subscriber, name, batches] = &arguments[..] {
        if subscriber == "spans" {
            subscribe();
        }
        let peer = Peer::named(name).expect("the name of a peer");
        let runtime = one_thread();
        (0..batches.parse::<usize>().expect("a number of batches")).for_each(|_| peer.run(&runtime));
        return ExitCode::SUCCESS;
    }
    println!("over bare        subscriber     time    quartiles   instructions");
    for peer in PEERS {
        row("none", peer);
    }
    subscribe();
    for peer in PEERS.into_iter().filter(|peer| peer.has_span()) {
        row("spans", peer);
    }
    ExitCode::SUCCESS
}
