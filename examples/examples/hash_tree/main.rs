//! The main job: hashes every file of a folder tree, one routine a folder and one a file, and shows what routine does on the
//! way. Watch for: the report of the deliberately bad file, which stops nothing else; with `--watch`, the live tree.

mod args;
mod table;
mod walk;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use args::Args;
use walk::Job;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let args = match Args::parse(std::env::args_os().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            println!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{}", args::HELP);
            return ExitCode::from(2);
        }
    };

    let counts = table::Counts::install();
    let started = Instant::now();
    let job = Arc::new(Job::new(args.folder.clone(), args.at_once));
    let work = walk::folder(Arc::clone(&job), args.folder.clone());
    if args.watch {
        while !work.is_finished() {
            println!("{}\n", routine::dump());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    if let Err(error) = work.await {
        eprintln!("cannot hash {}: {error}", args.folder.display());
        return ExitCode::FAILURE;
    }
    job.finish_progress();
    println!("{}", table::table(&job, &counts, started.elapsed()));
    if job.unexpected() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
