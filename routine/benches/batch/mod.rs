//! A batch of routines.

use std::hint::black_box;

/// Routines of one batch.
pub(crate) const BATCH: usize = 10_000;

/// Routines that are started and joined inside one.
#[inline(never)]
pub(crate) async fn routines() {
    let routines: Vec<routine::Handle<()>> = (0..BATCH)
        .map(|number| {
            routine::go(async move {
                black_box(number);
            })
        })
        .collect();
    for routine in routines {
        routine.await.expect("an empty routine ends well");
    }
}
