//! Lines on stderr that need no lock.
//!
//! `eprintln!` and `io::stderr()` share a lock, which a thread may hold that will never give it up. So these go through a
//! duplicate of the descriptor.

use std::fs::File;
use std::io::{self, Write};

/// Writes a text, in one piece where the system takes it in one. Where stderr is closed there is nobody to tell.
pub(super) fn write(text: &str) {
    if text.is_empty() {
        return;
    }
    if let Ok(mut stderr) = duplicate() {
        let _ = stderr.write_all(text.as_bytes());
    }
}

#[cfg(not(windows))]
fn duplicate() -> io::Result<File> {
    use std::os::fd::AsFd;

    io::stderr().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn duplicate() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    io::stderr().as_handle().try_clone_to_owned().map(File::from)
}
