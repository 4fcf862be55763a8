//! How much a reader accepts before it refuses.

/// Bounds on what is read from bytes of unknown origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of input, or of a compressed input once it is unpacked.
    pub bytes_max: usize,
    /// Terms nested in each other.
    pub depth_max: usize,
    /// Terms in all.
    pub terms_max: usize,
}

impl Limits {
    /// Bounds that every file of a real release stays far below: 64 MiB, 128 levels, 4 million terms.
    pub const RELEASE: Self = Self {
        bytes_max: 64 << 20,
        depth_max: 128,
        terms_max: 4_000_000,
    };
}
