//! A process that shuts down, in the way that its argument names. What it says on stdout is what a test reads.

mod drains;
mod ends;
mod hangs;
mod service;
mod starters;

use std::future::Future;

fn on<F: Future>(threads: usize, main: F) -> F::Output {
    let mut runtime = if threads == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    let runtime = runtime.worker_threads(threads).enable_all().build().expect("a runtime");
    let output = runtime.block_on(main);
    // Tests of what holds up an end look at `run`, which needs no help.
    runtime.shutdown_background();
    output
}

fn main() {
    let way = std::env::args().nth(1).unwrap_or_default();
    match way.as_str() {
        "clean" => on(2, ends::clean()),
        "refuses" => on(2, ends::refuses()),
        "goes_on" => on(2, ends::goes_on()),
        "stragglers" => on(4, ends::stragglers()),
        "phases" => on(2, ends::phases()),
        "time_of_phases" => on(2, ends::time_of_phases()),
        "shield" => on(2, ends::shield()),
        "pools" => on(2, starters::pools()),
        "blocking_pool" => on(2, starters::blocking_pool()),
        "drain_first" => on(2, drains::drain_first()),
        "cut" => on(2, drains::cut()),
        "cleans_up" => on(2, drains::cleans_up()),
        "left_once" => on(2, drains::left_once()),
        "reasons" => on(2, drains::reasons()),
        "in_place" => on(2, drains::in_place()),
        "late_ends" => on(2, drains::late_ends()),
        "dropped_later" => on(2, drains::dropped_later()),
        "no_time" => on(2, drains::no_time()),
        "oldest" => on(2, drains::oldest()),
        "dropped_value" => on(2, drains::dropped_value()),
        "schedules" => on(2, starters::schedules()),
        "supervisor" => on(2, starters::supervisor()),
        "twice" => on(2, ends::twice()),
        "caller" => on(2, ends::caller()),
        "books" => on(2, ends::books()),
        "bounded" => on(2, ends::bounded()),
        "no_deadline" => on(2, ends::no_deadline()),
        "log" => on(2, hangs::log()),
        "drops" => on(2, hangs::drops()),
        "main_asks" => on(2, hangs::main_asks()),
        "inside" => on(2, hangs::inside()),
        "scope" => on(2, hangs::scope()),
        "queued" => on(2, hangs::queued()),
        "job" => on(2, hangs::job()),
        "child" => on(2, hangs::child()),
        "order" => on(2, hangs::order()),
        "hook" => on(2, hangs::hook()),
        "run_of_a_schedule" => on(2, hangs::run_of_a_schedule()),
        "service" => on(2, service::service()),
        "returns" => on(2, service::returns()),
        "panics" => on(2, service::panics()),
        "hangs" => on(2, service::hangs()),
        "blocked" => on(1, service::blocked()),
        "left" => on(4, service::left()),
        "left_by_main" => on(4, service::left_by_main()),
        "graceful" => on(2, service::graceful(false)),
        "graceful_main" => on(2, service::graceful(true)),
        "block_on" => service::block_on(),
        way => panic!("there is no way `{way}`"),
    }
}
