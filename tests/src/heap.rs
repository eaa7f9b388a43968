//! What is on the heap, for programs that count their allocations.

use std::fmt;

use stats_alloc::Stats;

/// What is on the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    /// Blocks that were allocated and not freed.
    pub blocks: usize,
    /// The bytes in them.
    pub bytes: usize,
}

impl Heap {
    /// Reads it from the counters of the program's allocator.
    #[must_use]
    pub fn of(stats: Stats) -> Self {
        // Other threads allocate while the counters are read.
        Self {
            blocks: stats.allocations.saturating_sub(stats.deallocations),
            bytes: stats.bytes_allocated.saturating_sub(stats.bytes_deallocated),
        }
    }

    /// Whether there are at most so many blocks and bytes more than before.
    #[must_use]
    pub fn is_flat_since(self, before: Self, blocks: usize, bytes: usize) -> bool {
        self.blocks <= before.blocks + blocks && self.bytes <= before.bytes + bytes
    }
}

impl fmt::Display for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} blocks of {} bytes", self.blocks, self.bytes)
    }
}
