//! What makes a routine's number a span id.

use std::sync::OnceLock;

/// The odd factor of this process, and its inverse modulo 2⁶⁴.
#[derive(Clone, Copy)]
struct Key {
    factor: u64,
    inverse: u64,
}

fn key() -> Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    *KEY.get_or_init(|| {
        let factor = fastrand::u64(..) | 1;
        Key { factor, inverse: inverse(factor) }
    })
}

/// The inverse of an odd number modulo 2⁶⁴: Newton's step doubles the bits that are right, from the three that every odd
/// number is its own inverse in.
const fn inverse(factor: u64) -> u64 {
    let mut inverse = factor;
    let mut bits = 3;
    while bits < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(factor.wrapping_mul(inverse)));
        bits *= 2;
    }
    inverse
}

/// Turns a number into the segment that stands for it: one to one, 0 to 0, and different in every process, so that two
/// processes that both count from 1 do not collide.
pub(crate) fn mix(number: u64) -> u64 {
    let Key { factor, .. } = key();
    // A product alone leaves the low bits of small numbers in order; the fold brings the high ones down, and is its own
    // inverse since it moves half a word.
    let product = number.wrapping_mul(factor);
    let folded = product ^ (product >> 32);
    folded.wrapping_mul(factor)
}

/// The number that a segment stands for.
pub(crate) fn unmix(segment: u64) -> u64 {
    let Key { inverse, .. } = key();
    let folded = segment.wrapping_mul(inverse);
    (folded ^ (folded >> 32)).wrapping_mul(inverse)
}
