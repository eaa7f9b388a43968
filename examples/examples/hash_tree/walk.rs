//! The work: a routine for every folder, and in it a routine for every file.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use indicatif::{ProgressBar, ProgressStyle};
use routine::prelude::*;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Starts a file that this program refuses to read, to show what a panic does.
const BAD: &[u8] = b"routine-example: this file makes its reader panic";

/// Folders that hold what was built, not written.
const SKIPPED: [&str; 2] = ["target", ".git"];

pub(crate) struct Hashed {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) digest: [u8; 32],
}

pub(crate) struct Job {
    pub(crate) root: PathBuf,
    pub(crate) files: Mutex<Vec<Hashed>>,
    pub(crate) folders: AtomicU64,
    pub(crate) panicked: AtomicU64,
    pub(crate) failed: AtomicU64,
    room: Arc<Semaphore>,
    progress: ProgressBar,
}

impl Job {
    pub(crate) fn new(root: PathBuf, at_once: usize) -> Self {
        // It draws on a terminal alone.
        let progress = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} files {msg}") {
            progress.set_style(style);
        }
        Self {
            root,
            files: Mutex::default(),
            folders: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            room: Arc::new(Semaphore::new(at_once)),
            progress,
        }
    }

    pub(crate) fn finish_progress(&self) {
        self.progress.finish_and_clear();
    }

    /// Failures besides the panic that is there to be seen.
    pub(crate) fn unexpected(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Reads a folder, starts a routine for each thing in it, and waits for all of them.
#[routine(recover, fields(path = path.display()))]
pub(crate) async fn folder(job: Arc<Job>, path: PathBuf) -> io::Result<()> {
    let mut entries = tokio::fs::read_dir(&path).await?;
    job.folders.fetch_add(1, Ordering::Relaxed);
    let mut parts = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        // The type of the entry itself, so a link that leads back up is not followed.
        let kind = entry.file_type().await?;
        let path = entry.path();
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            parts.push(folder(Arc::clone(&job), path));
        } else if kind.is_file() {
            job.progress.inc_length(1);
            // Waiting here keeps a folder of a million files from starting a million routines.
            let permit = Arc::clone(&job.room).acquire_owned().await.map_err(io::Error::other)?;
            parts.push(file(Arc::clone(&job), path, permit));
        }
    }
    for part in parts {
        // Each failure was reported when it happened; here it is only counted.
        if let Err(error) = part.await {
            let count = if error.is_panic() { &job.panicked } else { &job.failed };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Hashes a file piece by piece, so that its size does not matter.
#[routine(recover, fields(path = path.display()))]
async fn file(job: Arc<Job>, path: PathBuf, _permit: OwnedSemaphorePermit) -> io::Result<()> {
    let mut file = tokio::fs::File::open(&path).await?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut piece).await?;
        if read == 0 {
            break;
        }
        assert!(bytes > 0 || !piece[..read].starts_with(BAD), "the file {} is bad", path.display());
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    let hashed = Hashed { path, bytes, digest: hash.finalize().into() };
    job.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(hashed);
    job.progress.inc(1);
    Ok(())
}
