//! The table at the end.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::walk::Job;

/// What the hooks counted.
pub(crate) struct Counts {
    begun: Arc<AtomicU64>,
    ended: Arc<AtomicU64>,
}

impl Counts {
    pub(crate) fn install() -> Self {
        let counts = Self { begun: Arc::default(), ended: Arc::default() };
        let (begun, ended) = (Arc::clone(&counts.begun), Arc::clone(&counts.ended));
        routine::add_before_routine(move |_| {
            begun.fetch_add(1, Ordering::Relaxed);
        });
        routine::add_after_routine(move |_| {
            ended.fetch_add(1, Ordering::Relaxed);
        });
        counts
    }
}

pub(crate) fn table(job: &Job, counts: &Counts, took: Duration) -> String {
    let mut files = job.files.lock().unwrap_or_else(PoisonError::into_inner);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let mut kinds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut tree = Sha256::new();
    for file in files.iter() {
        let kind =
            file.path.extension().map_or_else(|| "(none)".to_owned(), |kind| kind.to_string_lossy().into_owned());
        let row = kinds.entry(kind).or_default();
        *row = (row.0 + 1, row.1 + file.bytes);
        tree.update(file.path.strip_prefix(&job.root).unwrap_or(&file.path).as_os_str().as_encoded_bytes());
        tree.update(file.digest);
    }
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let mut text = format!("{:<16} {:>8} {:>12}\n", "kind", "files", "bytes");
    for (kind, (count, bytes)) in &kinds {
        let _ = writeln!(text, "{kind:<16} {count:>8} {bytes:>12}");
    }
    let _ = writeln!(text, "{:<16} {:>8} {bytes:>12}", "all", files.len());
    let digest = tree.finalize().iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"));
    let stats = routine::stats();
    let _ = writeln!(text, "\nsha256 of the tree  {digest}");
    let _ = writeln!(text, "folders             {}", job.folders.load(Ordering::Relaxed));
    let _ = writeln!(
        text,
        "bad files           {} (their readers panicked, and were reported)",
        job.panicked.load(Ordering::Relaxed)
    );
    let _ = writeln!(text, "unreadable          {}", job.failed.load(Ordering::Relaxed));
    let _ = writeln!(
        text,
        "routines            {} started, {} completed, {} failed, {} panicked, {} live",
        stats.started, stats.completed, stats.failed, stats.panicked, stats.live,
    );
    let _ = writeln!(
        text,
        "hooks               {} before, {} after",
        counts.begun.load(Ordering::Relaxed),
        counts.ended.load(Ordering::Relaxed),
    );
    let _ = write!(text, "time                {took:.1?}");
    text
}
