//! A routine panics. With `panic = "abort"` that ends the process: the record comes before, and nothing after.

use routine::{Builder, Policy, trace};

fn total(files: &[u32]) -> u32 {
    assert!(!files.is_empty(), "no files");
    files.iter().sum()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    std::panic::set_hook(Box::new(|_| println!("the application's hook")));
    // Only stderr is left for the record, whether or not somebody listens.
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    routine::add_after_routine(|end| println!("after {}", end.outcome()));
    routine::at_exit(|| println!("flushed"));
    let import = Builder::new().name("import").policy(Policy::Recover).field("file", "a.csv").spawn_value(async {
        println!("{}", trace::current().expect("a routine has a trace"));
        total(&[])
    });
    println!("{}", import.await.expect_err("it panics"));
}
