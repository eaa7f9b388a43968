//! Ends by the second run of a schedule, which the process cannot do without.

use std::time::Duration;

use routine::{Policy, Schedule};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut beats = 0;
    let heart =
        Schedule::builder().name("heart").policy(Policy::MustSuccess).every(Duration::from_millis(1), move || {
            beats += 1;
            async move { if beats == 2 { Err("stopped") } else { Ok(()) } }
        });
    drop(heart.expect("a millisecond is a period"));
    std::future::pending::<()>().await;
}
